/** Accounts: made, logged in to, and switched to another team. */
import { Type } from "typebox";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { isLocalRequest } from "../../../platform/http/local-request.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { AuthReply, authToWire, personNameFromWire, requireNewPassword } from "../accounts.ts";
import { bodyStatuses, errorReplies, naming, WireError } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { idFromWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const tags = ["Accounts"];

const SignUpRequest = Type.Object({
  email: Type.String({ description: "An e-mail address, by which the user logs in" }),
  password: Type.String({ description: "Of at least 8 bytes" }),
  name: Type.String({ description: "How others see the user: 1 to 100 bytes" }),
});

const LoginRequest = Type.Object({
  email: Type.String({ minLength: 1, description: "An e-mail address, or a name" }),
  password: Type.String({ minLength: 1 }),
});

const SignUpReply = Type.Object({ ...AuthReply.properties, message: Type.String() });

export function registerAuthRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): void {
  registerSignUp(app, parts, toolbox);
  registerLogin(app, parts, toolbox);
  registerTeamSwitch(app, parts, toolbox);
}

function registerSignUp(
  app: ApiInstance,
  { identity: { sessions }, signup, loginRate }: WrennParts,
  { accounts, trail }: Toolbox,
): void {
  app.post(
    "/v1/auth/signup",
    {
      ...credentialLimit(loginRate),
      schema: {
        operationId: "signup",
        summary: "Make an account, and a team with it",
        description: "Who may do this is a setting of the yard; usually programs on its own machine alone.",
        tags,
        security: [],
        body: SignUpRequest,
        response: { 201: SignUpReply, ...errorReplies(...bodyStatuses, 403, 409, 429) },
      },
    },
    async (request, reply) => {
      if (!maySignUp(request, signup))
        throw new YardError(
          "forbidden",
          "This yard lets nobody sign up from here. Ask an administrator for an account.",
        );
      const account = accountFromWire(request.body);
      const user = await accounts.create(account).catch(naming({ conflict: "email_taken" }));
      const actor = { userId: user.id, username: user.username };
      await trail.record(request, actor, { action: "user.create", target: user.username, outcome: "done" });
      const issued = await sessions.open(user.id, accounts.tokenOptions(request));
      await trail.record(request, actor, { action: "session.start", target: issued.sessionId, outcome: "done" });
      reply.header("cache-control", "no-store");
      return reply.code(201).send({ ...authToWire(issued), message: "The account is ready." });
    },
  );
}

export function maySignUp(request: ApiRequest, signup: WrennParts["signup"]): boolean {
  return signup === "open" || (signup === "loopback" && isLocalRequest(request));
}

/** @throws {YardError} invalid */
function accountFromWire({ email, password, name }: { email: string; password: string; name: string }) {
  requireNewPassword(password, "password");
  return { email: email.trim().toLowerCase(), password, name: personNameFromWire(name) };
}

function registerLogin(
  app: ApiInstance,
  { identity: { sessions }, loginRate }: WrennParts,
  { accounts, trail }: Toolbox,
): void {
  app.post(
    "/v1/auth/login",
    {
      ...credentialLimit(loginRate),
      schema: {
        operationId: "login",
        summary: "Log in",
        description: "After a few wrong passwords the account is locked for a while, also for the right one.",
        tags,
        security: [],
        headers: Type.Object({
          "x-totp-code": Type.Optional(
            Type.String({ description: "Six digits, of users whose login asks for a second step" }),
          ),
        }),
        body: LoginRequest,
        response: { 200: AuthReply, ...errorReplies(...bodyStatuses, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const totpCode = request.headers["x-totp-code"] || undefined;
      const options = { ...accounts.tokenOptions(request), inOneStep: true, tellsLocked: true };
      const login = await sessions.login({ username: email.trim(), password, totpCode }, options).catch(disabled);
      if (login.kind !== "session") throw new YardError("internal", "a login in one step asked for a second one");
      const { user, sessionId } = login.issued;
      const actor = { userId: user.id, username: user.username };
      await trail.record(request, actor, { action: "session.start", target: sessionId, outcome: "done" });
      reply.header("cache-control", "no-store");
      return authToWire(login.issued);
    },
  );
}

/** The one refusal that is about no field is that of a locked account. */
function disabled(error: unknown): never {
  if (isYardError(error, "forbidden") && error.field === undefined)
    throw new WireError("forbidden", "account_disabled", error.message, { cause: error });
  throw error;
}

function registerTeamSwitch(
  app: ApiInstance,
  { identity: { sessions, memberships } }: WrennParts,
  { accounts, guards, trail }: Toolbox,
): void {
  app.post(
    "/v1/auth/switch-team",
    {
      onRequest: guards.user("tokens.renew"),
      schema: {
        operationId: "switchTeam",
        summary: "Get a token for another team",
        description: "The token that was sent stays good for its own team.",
        tags,
        security: userSecurity,
        body: Type.Object({ team_id: Type.String() }),
        response: { 200: AuthReply, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      if (principal.credential.kind !== "token")
        throw new YardError("forbidden", "An API key gets no token: log in, and use the token of that.");
      const { id } = await memberships.team(idFromWire("team", request.body.team_id, "team_id"));
      const issued = await sessions.open(principal.userId, accounts.tokenOptions(request, id));
      await trail.record(request, principal, { action: "session.start", target: issued.sessionId, outcome: "done" });
      reply.header("cache-control", "no-store");
      return authToWire(issued);
    },
  );
}
