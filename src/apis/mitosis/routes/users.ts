/** What users do with their own account: the password, and which groups they are in. */
import { Type } from "typebox";
import { nameKey } from "../../../identity/names.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { principalOf, tokenToWire } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { quirks, type Reading } from "../quirks.ts";
import { Digest, digestFromWire, mapOf, TokenReply, userSecurity } from "../schemas.ts";
import { RoleReply, roleToWire } from "../team-roles.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Users"], security: userSecurity };

export function registerUserRoutes(
  app: ApiInstance,
  { identity: { users, sessions }, loginRate }: Pick<MitosisParts, "identity" | "loginRate">,
  { guards, trail, readingOf }: Toolbox,
): void {
  app.post(
    "/users/:username/password",
    {
      ...credentialLimit(loginRate),
      onRequest: guards.user("password.change-own"),
      schema: {
        ...about,
        operationId: "changePassword",
        summary: "Change a password, and end the user's sessions",
        description:
          "The token of the reply takes the place of the one that was sent. The old password is asked for in any case, and a wrong one counts as a login that failed.",
        params: Type.Object({ username: Type.String() }),
        body: Type.Object({ old_md5_password: Digest, new_md5_password: Digest }),
        response: { 200: TokenReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const reading = readingOf(request);
      const sessionId = sessionOf(principal);
      const isOwn = nameKey(request.params.username) === nameKey(principal.username);
      if (!isOwn) requireMayChangeOthers(principal, reading);
      const { username } = isOwn ? principal : await users.get(request.params.username);
      const { old_md5_password, new_md5_password } = request.body;
      const renewed = await trail.change(
        request,
        principal,
        { action: "user.password", target: username },
        async () => {
          await users.checkDigest(username, digestFromWire(old_md5_password));
          const keepSessionId = isOwn ? sessionId : undefined;
          await users.setDigest(username, digestFromWire(new_md5_password), { keepSessionId });
          return sessions.renew(principal, { api: "mitosis", remoteAddress: request.ip });
        },
      );
      reply.header("cache-control", "no-store");
      return { token: tokenToWire(renewed.token, reading) };
    },
  );

  app.get(
    "/users/groups",
    {
      onRequest: guards.user(),
      schema: {
        ...about,
        operationId: "queryUserGroups",
        summary: "List the groups that the user is in",
        response: {
          200: Type.Object({ groups: mapOf(RoleReply, { description: "What the user may do, by the group's name" }) }),
          ...errorReplies(401, 403),
        },
      },
    },
    (request) => {
      const groups = [...principalOf(request).teams].map(([name, role]) => [name, roleToWire(role)]);
      return { groups: Object.fromEntries(groups) };
    },
  );
}

/** @throws {YardError} forbidden */
function sessionOf({ credential }: Principal): string {
  if (credential.kind === "token") return credential.sessionId;
  throw new YardError("forbidden", "An API key changes no password: log in, and use the token of that.");
}

/** @throws {YardError} unauthenticated or forbidden, as the reader knows it */
function requireMayChangeOthers({ username, isAdmin }: Principal, reading: Reading): void {
  const message = `${username} may change no password but their own here.`;
  if (quirks.passwordOfAnother[reading] === 401) throw new YardError("unauthenticated", message);
  if (!isAdmin) throw new YardError("forbidden", message);
}
