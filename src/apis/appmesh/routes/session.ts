/** Login, logoff, renewal, and `/appmesh/auth`, by which other services ask what a token may do. */
import { type Static, Type } from "typebox";
import type { IssuedToken } from "../../../identity/identity.ts";
import { mayDo, type Principal } from "../../../identity/principal.ts";
import type { Trail } from "../../../identity/trail.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import {
  audienceFromWire,
  basicCredentialsOf,
  credentialOf,
  defaultAudience,
  type Guard,
  lacks,
  principalOf,
} from "../authenticate.ts";
import { type CookieSessions, isAsked } from "../cookies.ts";
import type { AppMeshParts } from "../parts.ts";
import { permissionFromWire } from "../permissions.ts";
import { readingOf } from "../quirks.ts";
import { errorReplies, Message, TokenReply, TotpChallenge } from "../schemas.ts";
import { epochSeconds } from "../times.ts";
import { createTokenReply, ExpireSeconds, lifetimeMsOf, SetCookie } from "../tokens.ts";

/** Audiences that a login may ask for: the service itself, and one for services of the user's own that only `/appmesh/auth` accepts. */
export const audiences: readonly string[] = [defaultAudience, "your-service-api"];

const Audience = Type.Optional(Type.String({ description: `One of ${audiences.join(", ")}` }));
const bearer = [{ BearerAuth: [] }];

export function registerSessionRoutes(
  app: ApiInstance,
  parts: AppMeshParts,
  guard: Guard,
  trail: Trail,
  cookies: CookieSessions,
): void {
  const { sessions, authenticator, users } = parts.identity;
  const withToken = createTokenReply(cookies);

  app.post(
    "/appmesh/login",
    {
      ...credentialLimit(parts.loginRate),
      schema: {
        summary: "Log in with name and password",
        tags: ["Identity"],
        security: [{ BasicAuth: [] }],
        headers: Type.Object({
          "x-totp-code": Type.Optional(Type.String({ description: "Six digits" })),
          "x-expire-seconds": ExpireSeconds,
          "x-audience": Audience,
          "x-set-cookie": SetCookie,
        }),
        response: { 200: TokenReply, 428: TotpChallenge, ...errorReplies(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const { headers } = request;
      const result = await sessions.login(
        { ...basicCredentialsOf(request), totpCode: headers["x-totp-code"] || undefined },
        {
          api: "appmesh",
          audience: audienceAsked(headers["x-audience"]),
          lifetimeMs: lifetimeMsOf(headers["x-expire-seconds"], readingOf(headers["user-agent"], parts.reading)),
          remoteAddress: request.ip,
        },
      );
      if (result.kind === "totp")
        return reply.code(428).header("www-authenticate", totpRealm).send(challengeReply(result));
      const { user, sessionId } = result.issued;
      const actor = { userId: user.id, username: user.username };
      await trail.record(request, actor, { action: "session.start", target: sessionId, outcome: "done" });
      return withToken(reply, result.issued, { asCookies: isAsked(headers["x-set-cookie"]) });
    },
  );

  app.post(
    "/appmesh/auth",
    {
      schema: {
        summary: "Check a token, and whether its user has a permission",
        tags: ["Authorization"],
        security: bearer,
        headers: Type.Object({
          "x-permission": Type.Optional(Type.String()),
          "x-audience": Audience,
          "x-set-cookie": SetCookie,
        }),
        response: { 200: AuthReply, ...errorReplies(400, 401, 403, 412) },
      },
    },
    async (request, reply) => {
      const {
        "x-audience": askedAudience,
        "x-permission": permission = "",
        "x-set-cookie": setCookie,
      } = request.headers;
      const audience = askedAudience || defaultAudience;
      const token = credentialOf(request, cookies);
      const principal = await authenticator.authenticate(token, { audience: audienceFromWire(audience) });
      if (permission && !mayDo(principal, permissionFromWire(permission)))
        return reply.code(403).send({ message: lacks(principal, permission).message });
      const asCookies = isAsked(setCookie);
      if (asCookies) sessionIdOf(principal);
      const issued = await asIssued(token, principal, audience);
      const { username: user } = principal;
      return { ...withToken(reply, issued, { asCookies }), permission, success: true, user, audience };
    },
  );

  /** The token that was shown, as if it had just been given; an API key has no times to tell. */
  async function asIssued(token: string, principal: Principal, audience: string): Promise<IssuedToken> {
    const now = parts.clock.now();
    const { expiresAt, issuedAt, sessionId } =
      principal.credential.kind === "token"
        ? principal.credential
        : { expiresAt: now, issuedAt: now, sessionId: principal.credential.keyId };
    return { token, sessionId, user: await users.getById(principal.userId), audience, expiresAt, issuedAt };
  }

  app.post(
    "/appmesh/token/renew",
    {
      onRequest: guard("user-token-renew"),
      schema: {
        summary: "Exchange the token for a new one; the old one ends at once",
        tags: ["Identity"],
        security: bearer,
        headers: Type.Object({ "x-expire-seconds": ExpireSeconds }),
        response: { 200: TokenReply, ...errorReplies(400, 401, 412) },
      },
    },
    async (request, reply) => {
      const { headers } = request;
      const principal = principalOf(request);
      const issued = await sessions.renew(principal, {
        api: "appmesh",
        lifetimeMs: lifetimeMsOf(headers["x-expire-seconds"], readingOf(headers["user-agent"], parts.reading)),
        remoteAddress: request.ip,
      });
      await trail.record(request, principal, { action: "session.renew", target: issued.sessionId, outcome: "done" });
      return withToken(reply, issued, { asCookies: cookies.cameWith(request) });
    },
  );

  app.post(
    "/appmesh/self/logoff",
    {
      onRequest: guard(),
      schema: {
        summary: "End the session; its token is refused from now on",
        tags: ["Identity"],
        security: bearer,
        response: { 200: Message, ...errorReplies(401, 412) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const sessionId = sessionIdOf(principal);
      await parts.essential(() => sessions.revoke(sessionId));
      await trail.record(request, principal, { action: "session.end", target: sessionId, outcome: "done" });
      if (cookies.cameWith(request)) cookies.clear(reply);
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

/** @throws {YardError} precondition, for an API key */
function sessionIdOf({ credential }: Principal): string {
  if (credential.kind === "token") return credential.sessionId;
  throw new YardError("precondition", "an API key is no session: log in to have one, or revoke the key to end it");
}
