/** Login, logoff, renewal, and `/appmesh/auth`, by which other services ask what a token may do. */
import { type Static, Type } from "typebox";
import { mayDo } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import type { Trail } from "../audit.ts";
import {
  audienceFromWire,
  basicCredentialsOf,
  bearerOf,
  defaultAudience,
  type Guard,
  principalOf,
} from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { permissionFromWire } from "../permissions.ts";
import { readingOf } from "../quirks.ts";
import { errorReplies, Message, TokenReply, TotpChallenge } from "../schemas.ts";
import { epochSeconds } from "../times.ts";
import { lifetimeMsOf, tokenReply } from "../tokens.ts";

/** Audiences that a login may ask for: the service itself, and one for services of the user's own that only `/appmesh/auth` accepts. */
export const audiences: readonly string[] = [defaultAudience, "your-service-api"];

const ExpireSeconds = Type.Optional(
  Type.Unsafe<string | number>({
    type: ["integer", "string"],
    description: "Lifetime of the token in seconds; none or 0: the default",
  }),
);
const Audience = Type.Optional(Type.String({ description: `One of ${audiences.join(", ")}` }));
const TotpCode = Type.Optional(Type.String({ description: "Six digits" }));
const SetCookie = Type.Optional(Type.String({ description: "Cookies instead of a token: not served yet" }));

const LoginHeaders = Type.Object({
  "x-totp-code": TotpCode,
  "x-expire-seconds": ExpireSeconds,
  "x-audience": Audience,
  "x-set-cookie": SetCookie,
});
const noStore = { "cache-control": "no-store", pragma: "no-cache" };

export function registerIdentityRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { sessions, authenticator } = parts.identity;

  app.post(
    "/appmesh/login",
    {
      ...credentialLimit(parts.loginRate),
      schema: {
        summary: "Log in with name and password",
        tags: ["Identity"],
        security: [{ BasicAuth: [] }],
        headers: LoginHeaders,
        response: { 200: TokenReply, 428: TotpChallenge, ...errorReplies(400, 401, 429) },
      },
    },
    async (request, reply) => {
      refuseCookies(request.headers["x-set-cookie"]);
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      const result = await sessions.login(
        { ...basicCredentialsOf(request), totpCode: request.headers["x-totp-code"] || undefined },
        {
          api: "appmesh",
          audience: audienceAsked(request.headers["x-audience"]),
          lifetimeMs: lifetimeMsOf(request.headers["x-expire-seconds"], reading),
          remoteAddress: request.ip,
        },
      );
      if (result.kind === "session") {
        const { user, sessionId } = result.issued;
        await trail.record(
          request,
          { userId: user.id, username: user.username },
          { action: "session.start", target: sessionId, outcome: "done" },
        );
      }
      if (result.kind === "totp")
        return reply.code(428).header("www-authenticate", totpRealm).send(challengeReply(result));
      return reply.headers(noStore).send(tokenReply(result.issued, parts.clock.now()));
    },
  );

  app.post(
    "/appmesh/auth",
    {
      schema: {
        summary: "Check a token, and whether its user has a permission",
        tags: ["Authorization"],
        security: [{ BearerAuth: [] }],
        headers: Type.Object({ "x-permission": Type.Optional(Type.String()), "x-audience": Audience }),
        response: { 200: AuthReply, ...errorReplies(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const audience = request.headers["x-audience"] || defaultAudience;
      const token = bearerOf(request);
      const principal = await authenticator.authenticate(token, { audience: audienceFromWire(audience) });
      const permission = request.headers["x-permission"];
      if (permission && !mayDo(principal, permissionFromWire(permission))) {
        return reply.code(403).send({ message: `user ${principal.username} lacks the permission ${permission}` });
      }
      const user = await parts.identity.users.getById(principal.userId);
      const now = parts.clock.now();
      const expiresAt = principal.credential.kind === "token" ? principal.credential.expiresAt : now;
      const issuedAt = principal.credential.kind === "token" ? principal.credential.issuedAt : now;
      return reply.headers(noStore).send({
        ...tokenReply({ token, sessionId: "", user, audience, expiresAt, issuedAt }, now),
        permission: permission ?? "",
        success: true,
        user: principal.username,
        audience,
      });
    },
  );

  app.post(
    "/appmesh/token/renew",
    {
      onRequest: guard("user-token-renew"),
      schema: {
        summary: "Exchange the token for a new one; the old one ends at once",
        tags: ["Identity"],
        security: [{ BearerAuth: [] }],
        headers: Type.Object({ "x-expire-seconds": ExpireSeconds }),
        response: { 200: TokenReply, ...errorReplies(400, 401) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      const issued = await sessions.renew(principal, {
        api: "appmesh",
        lifetimeMs: lifetimeMsOf(request.headers["x-expire-seconds"], reading),
        remoteAddress: request.ip,
      });
      return reply.headers(noStore).send(tokenReply(issued, parts.clock.now()));
    },
  );

  app.post(
    "/appmesh/self/logoff",
    {
      onRequest: guard(),
      schema: {
        summary: "End the session; its token is refused from now on",
        tags: ["Identity"],
        security: [{ BearerAuth: [] }],
        response: { 200: Message, ...errorReplies(401, 412) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      if (principal.credential.kind !== "token")
        throw new YardError("precondition", "an API key has no session to end; revoke the key instead");
      await sessions.revoke(principal.credential.sessionId);
      await trail.record(request, principal, {
        action: "session.end",
        target: principal.credential.sessionId,
        outcome: "done",
      });
      return { message: "logged off" };
    },
  );
}

/** The document's fields and the token's, in one: cookie clients need the one, the document promises the other. */
const AuthReply = Type.Object({
  ...TokenReply.properties,
  permission: Type.String(),
  success: Type.Boolean(),
  user: Type.String(),
  audience: Type.String(),
});

const totpRealm = 'TOTP realm="TOTP Authentication", qop="auth"';

/** `algorithm` and `period` are what clients were always told; the code itself is RFC 6238 with SHA-1 and 30 seconds. */
function challengeReply(result: { challenge: string; expiresAt: number }): Static<typeof TotpChallenge> {
  return {
    "WWW-Authenticate": totpRealm,
    totp_challenge: result.challenge,
    status: "TOTP_CHALLENGE_REQUIRED",
    algorithm: "HS256",
    digits: 6,
    period: 60,
    expires: epochSeconds(result.expiresAt),
  };
}

function audienceAsked(header: string | undefined): string | undefined {
  const audience = header || defaultAudience;
  if (!audiences.includes(audience))
    throw new YardError("invalid", `must be one of ${audiences.join(", ")}`, { field: "X-Audience" });
  return audienceFromWire(audience);
}

/** A client that asks for cookies keeps no token: without them it would be logged out without knowing. */
function refuseCookies(header: string | undefined): void {
  if (/^(1|t|true)$/i.test(header ?? "")) {
    throw new YardError("precondition", "cookie sessions are not served yet; use the token", { field: "X-Set-Cookie" });
  }
}
