/** One's own second step: begun, proven, and switched off. */
import { Type } from "typebox";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const Enrolment = Type.Object({
  secret: Type.String({ description: "In base 32, for whoever types it" }),
  url: Type.String({ description: "The same with all that an authenticator app wants to know" }),
  otpauth_url: Type.String({ description: "As `url`" }),
  qr_data_url: Type.String({ description: "The same as a picture to scan, a PNG" }),
});

export function registerMfaRoutes(
  app: ApiInstance,
  { identity: { users, totp } }: Pick<DockmeshParts, "identity">,
  { guards, trail }: Toolbox,
): void {
  const about = { tags: ["auth"], security: bearer };

  app.post(
    `${basePath}/mfa/enroll/start`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "auth.mfa_enroll_start",
        summary: "Get a new secret for an authenticator app",
        description: "It is in force once a code has proven that the app has it.",
        response: { 200: Enrolment, ...errorReplies(401, 403, 409) },
      },
    },
    async (request, reply) => {
      const principal = requireSession(principalOf(request));
      const { userId, username } = principal;
      const { totpEnabled } = await users.getById(userId);
      if (totpEnabled) throw alreadyOn();
      const what = { action: "user.mfa_start", target: username };
      const { secret, uri } = await trail.change(request, principal, what, () => totp.begin(userId));
      const { toDataURL } = await import("qrcode"); // 57 modules for a moment in a user's life
      reply.header("cache-control", "no-store");
      return { secret, url: uri, otpauth_url: uri, qr_data_url: await toDataURL(uri) };
    },
  );

  app.post(
    `${basePath}/mfa/enroll/verify`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "auth.mfa_enroll_verify",
        summary: "Put the second step in force",
        body: Type.Object({ code: Type.String({ minLength: 1, description: "Six digits of the authenticator app" }) }),
        response: {
          200: Type.Object({
            recovery_codes: Type.Array(Type.String(), {
              description: "Each logs in once in place of a code of the app; they can be read this once",
            }),
          }),
          ...errorReplies(400, 401, 403, 409),
        },
      },
    },
    async (request, reply) => {
      const principal = requireSession(principalOf(request));
      const { userId, username } = principal;
      const { totpEnabled, hasTotpSecret } = await users.getById(userId);
      if (totpEnabled) throw alreadyOn();
      if (!hasTotpSecret) throw new YardError("invalid", "There is no secret yet: POST /mfa/enroll/start gives one.");
      const what = { action: "user.mfa_enroll", target: username };
      const work = () => totp.enable(userId, request.body.code.trim());
      const { recoveryCodes } = await trail.change(request, principal, what, work);
      reply.header("cache-control", "no-store");
      return { recovery_codes: [...recoveryCodes] };
    },
  );

  app.delete(
    `${basePath}/mfa`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "auth.mfa_disable",
        summary: "Switch one's own second step off",
        response: { 204: Done, ...errorReplies(401, 403) },
      },
    },
    async (request, reply) => {
      const principal = requireSession(principalOf(request));
      const { userId, username } = principal;
      await trail.change(request, principal, { action: "user.mfa_disable", target: username }, () =>
        totp.disable(userId),
      );
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} forbidden: whoever finds a token in a script's settings must not take its owner's second step away */
function requireSession(principal: Principal): Principal {
  if (principal.credential.kind === "token") return principal;
  throw new YardError(
    "forbidden",
    "An API token does not change how its owner logs in: log in, and use the token of that.",
  );
}

function alreadyOn(): YardError {
  return new YardError("conflict", "The second step is in force already. Switch it off first.");
}
