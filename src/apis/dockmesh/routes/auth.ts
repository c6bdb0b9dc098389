/** Logging in, in one step or two; going on, and logging out. */
import { Type } from "typebox";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { toYardError } from "../../../platform/http/errors.ts";
import { replyFor } from "../../../platform/http/statuses.ts";
import { ErrorReply, errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, Done, open } from "../schemas.ts";
import { createSignIn, LoginResult, type SignIn } from "../sign-in.ts";
import type { Toolbox } from "../toolbox.ts";

export const openAuthOperations = ["login", "mfa", "refresh", "logout"].map((name) => `POST ${basePath}/auth/${name}`);

const about = { tags: ["auth"], security: open };
const nobody = { userId: null, username: "" };

export function registerAuthRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  const signIn = createSignIn(parts.identity, parts.sessionLimits);
  registerLogin(app, parts, toolbox, signIn);
  registerSecondStep(app, parts, toolbox, signIn);
  registerRefresh(app, parts, toolbox, signIn);
  registerLogout(app, parts, toolbox);
}

function registerLogin(
  app: ApiInstance,
  { identity: { sessions } }: DockmeshParts,
  { trail }: Toolbox,
  signIn: SignIn,
): void {
  app.post(
    `${basePath}/auth/login`,
    {
      schema: {
        ...about,
        operationId: "auth.login",
        summary: "Log in",
        description: "After a few wrong passwords the account is locked for a while, also for the right one.",
        body: Type.Object({
          username: Type.String({ minLength: 1, description: "Or the e-mail address" }),
          password: Type.String({ minLength: 1, format: "password" }),
          remember_me: Type.Optional(Type.Boolean({ description: "For a login that lasts for days, also idle" })),
        }),
        response: {
          200: LoginResult,
          ...replyFor([429], { ...ErrorReply, description: "Never sent: there is no limit of rate" }),
          ...errorReplies(400, 401, 423, 503),
        },
      },
    },
    async (request, reply) => {
      const { username, password, remember_me: remember } = request.body;
      const login = await sessions
        .login({ username, password }, signIn.optionsFor(request, { remember }))
        .catch((error: unknown) => {
          recordFailure(trail, request, username.slice(0, 80), error);
          throw busyIsUnavailable(error);
        });
      if (login.kind === "totp") {
        reply.header("cache-control", "no-store");
        return { mfa_required: true, mfa_token: login.challenge };
      }
      await recordLogin(trail, request, login.issued);
      return signIn.toWire(reply, login.issued, login.refreshToken);
    },
  );
}

function registerSecondStep(
  app: ApiInstance,
  { identity: { sessions } }: DockmeshParts,
  { trail }: Toolbox,
  signIn: SignIn,
): void {
  app.post(
    `${basePath}/auth/mfa`,
    {
      schema: {
        ...about,
        operationId: "auth.login_mfa",
        summary: "Complete a login with a code",
        body: Type.Object({
          mfa_token: Type.String({ minLength: 1 }),
          code: Type.String({ minLength: 1, description: "Six digits of the authenticator app, or a recovery code" }),
        }),
        response: { 200: LoginResult, ...errorReplies(400, 401, 423, 503) },
      },
    },
    async (request, reply) => {
      const { mfa_token: challenge, code } = request.body;
      const { refreshToken, ...issued } = await sessions
        .completeTotp({ challenge, code: code.trim() }, signIn.renewal)
        .catch((error: unknown) => {
          recordFailure(trail, request, "", error);
          if (!isYardError(error, "unauthenticated")) throw busyIsUnavailable(error);
          const message = "The code is wrong, or the login took too long. Wait for the next code, or log in again.";
          throw new YardError("unauthenticated", message, { cause: error });
        });
      await recordLogin(trail, request, issued);
      return signIn.toWire(reply, issued, refreshToken);
    },
  );
}

function registerRefresh(
  app: ApiInstance,
  { identity: { sessions } }: DockmeshParts,
  { trail }: Toolbox,
  signIn: SignIn,
): void {
  app.post(
    `${basePath}/auth/refresh`,
    {
      schema: {
        ...about,
        operationId: "auth.refresh",
        summary: "Get the next two tokens",
        description:
          "A refresh token is good once: one that comes again ends the login, also for whoever holds the newest.",
        body: Type.Object({ refresh_token: Type.String({ minLength: 1 }) }),
        response: { 200: LoginResult, ...errorReplies(400, 401) },
      },
    },
    async (request, reply) => {
      const options = { ...signIn.renewal, isStrict: true };
      const { issued, refreshToken } = await sessions.refresh(request.body.refresh_token, options);
      const actor = { userId: issued.user.id, username: issued.user.username };
      trail.recordSoon(request, actor, { action: "auth.refresh", target: issued.sessionId, outcome: "done" });
      return signIn.toWire(reply, issued, refreshToken);
    },
  );
}

function registerLogout(app: ApiInstance, { identity: { sessions } }: DockmeshParts, { trail }: Toolbox): void {
  app.post(
    `${basePath}/auth/logout`,
    {
      schema: {
        ...about,
        operationId: "auth.logout",
        summary: "Log out",
        description: "Ends the login of the refresh token, whichever of its tokens it is.",
        body: Type.Object({
          refresh_token: Type.Optional(Type.Unknown({ description: "Anything else ends nothing" })),
        }),
        response: { 204: Done, ...errorReplies() },
      },
      // Whoever leaves has left, whatever their body was to say.
      errorHandler(error, request, reply) {
        const failed = toYardError(error, request);
        if (failed.code !== "invalid" && failed.code !== "too_large") throw failed;
        return reply.code(204).send();
      },
    },
    async (request, reply) => {
      const { refresh_token: token } = request.body;
      const ended = typeof token === "string" ? await sessions.endFamily(token) : undefined;
      if (ended)
        await trail.record(request, ended, { action: "auth.logout", target: ended.sessionId, outcome: "done" });
      return reply.code(204).send();
    },
  );
}

function recordLogin(
  trail: Toolbox["trail"],
  request: ApiRequest,
  {
    user,
    sessionId,
  }: { readonly user: { readonly id: string; readonly username: string }; readonly sessionId: string },
): Promise<void> {
  const actor = { userId: user.id, username: user.username };
  return trail.record(request, actor, { action: "auth.login", target: sessionId, outcome: "done" });
}

/** Soon, because guesses may come in floods. */
function recordFailure(trail: Toolbox["trail"], request: ApiRequest, target: string, error: unknown): void {
  if (isYardError(error, "unauthenticated") || isYardError(error, "locked"))
    trail.recordSoon(request, nobody, { action: "auth.login_failed", target, outcome: "denied" });
}

/** That too many log in at once is nobody's fault. */
function busyIsUnavailable(error: unknown): unknown {
  if (!isYardError(error, "too_many")) return error;
  return new YardError("unavailable", error.message, { retryAfterMs: error.retryAfterMs, cause: error });
}
