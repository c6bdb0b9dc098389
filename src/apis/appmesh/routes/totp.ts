/** The second factor: a secret for an authenticator app, its first code, the second step of a login, and switching it off. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import { type CookieSessions, isAsked } from "../cookies.ts";
import type { AppMeshParts } from "../parts.ts";
import { readingOf } from "../quirks.ts";
import { errorReplies, Message, TokenReply } from "../schemas.ts";
import { createTokenReply, ExpireSeconds, lifetimeAsked, lifetimeMsOf, SetCookie } from "../tokens.ts";
import { inUserFields, UserPath } from "../users.ts";

const bearer = [{ BearerAuth: [] }];

export function registerTotpRoutes(
  app: ApiInstance,
  parts: AppMeshParts,
  guard: Guard,
  trail: Trail,
  cookies: CookieSessions,
): void {
  const { sessions, totp, users } = parts.identity;
  const withToken = createTokenReply(cookies);

  app.post(
    "/appmesh/totp/secret",
    {
      onRequest: guard("user-totp-active"),
      schema: {
        summary: "Make a new TOTP secret",
        description: "TOTP is off until POST /appmesh/totp/setup has shown a code of it.",
        tags: ["TwoFactor"],
        security: bearer,
        response: {
          200: Type.Object({
            mfa_uri: Type.String({ description: "Base64 of an otpauth URI, for a QR code" }),
          }),
          ...errorReplies(400, 401),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const what = { action: "totp.secret", target: principal.username };
      const { secret } = await trail.change(request, principal, what, () => totp.begin(principal.userId));
      const uri = `otpauth://totp/${encodeURIComponent(principal.username)}?secret=${secret}&issuer=AppMesh`;
      reply.header("cache-control", "no-store");
      return { mfa_uri: Buffer.from(uri).toString("base64") };
    },
  );

  app.post(
    "/appmesh/totp/setup",
    {
      onRequest: [guard("user-totp-active"), guard("user-token-renew")],
      schema: {
        summary: "Switch TOTP on with a code of the new secret, and get a new token",
        description: "The token that was used ends at once, as by POST /appmesh/token/renew.",
        tags: ["TwoFactor"],
        security: bearer,
        headers: Type.Object({
          "x-totp-code": Type.String({ minLength: 1, description: "Six digits" }),
          "x-expire-seconds": ExpireSeconds,
        }),
        response: { 200: TokenReply, ...errorReplies(400, 401, 412) },
      },
    },
    async (request, reply) => {
      const { headers } = request;
      const principal = principalOf(request);
      const lifetimeMs = lifetimeMsOf(headers["x-expire-seconds"], readingOf(headers["user-agent"], parts.reading));
      if (principal.credential.kind !== "token")
        throw new YardError("precondition", "an API key has no session to renew: log in to set TOTP up");
      const what = { action: "totp.enable", target: principal.username };
      await trail.change(request, principal, what, () =>
        totp.enable(principal.userId, headers["x-totp-code"]).catch(withoutSecret),
      );
      const issued = await sessions.renew(principal, { api: "appmesh", lifetimeMs, remoteAddress: request.ip });
      return withToken(reply, issued, { asCookies: cookies.cameWith(request) });
    },
  );

  app.post(
    "/appmesh/totp/validate",
    {
      ...credentialLimit(parts.loginRate),
      schema: {
        summary: "Finish a login that was answered with a TOTP challenge",
        tags: ["TwoFactor"],
        headers: Type.Object({ "x-set-cookie": SetCookie }),
        body: Type.Object({
          user_name: Type.String({ description: "As it was used to log in" }),
          totp_challenge: Type.String({ description: "Of the login's reply" }),
          totp_code: Type.String({ minLength: 1, description: "Six digits" }),
          expire_seconds: Type.Optional(
            Type.Union([
              Type.Integer({ description: "Lifetime of the token; none or 0: as the login asked" }),
              Type.Null(),
            ]),
          ),
        }),
        response: { 200: TokenReply, ...errorReplies(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const { user_name: username, totp_challenge: challenge, totp_code: code, expire_seconds: seconds } = request.body;
      const lifetimeMs = lifetimeAsked(seconds, "expire_seconds");
      const issued = await sessions.completeTotp({ username, challenge, code }, { lifetimeMs });
      const actor = { userId: issued.user.id, username: issued.user.username };
      await trail.record(request, actor, { action: "session.start", target: issued.sessionId, outcome: "done" });
      return withToken(reply, issued, { asCookies: isAsked(request.headers["x-set-cookie"]) });
    },
  );

  app.post(
    "/appmesh/totp/:user_name/disable",
    {
      onRequest: guard("user-totp-disable"),
      schema: {
        summary: "Switch TOTP off and forget its secret",
        description: "`self` is the caller. Another user's only an administrator may switch off.",
        tags: ["TwoFactor"],
        security: bearer,
        params: UserPath,
        response: { 200: Message, ...errorReplies(400, 401, 404) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { user_name: name } = request.params;
      const target =
        name === "self" ? await users.getById(principal.userId) : await inUserFields(() => users.get(name));
      await trail.change(request, principal, { action: "totp.disable", target: target.username }, () =>
        totp.disable(target.id, { by: principal }),
      );
      return { message: `TOTP of ${target.username} is off` };
    },
  );
}

/** The document knows no 412 here. */
function withoutSecret(error: unknown): never {
  if (!isYardError(error, "precondition")) throw error;
  throw new YardError("invalid", "there is no secret to confirm: ask for one at /appmesh/totp/secret", {
    cause: error,
  });
}
