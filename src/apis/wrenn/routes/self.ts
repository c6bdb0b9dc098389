/** The user's own account, as dashboards show and change it; the document has none of it. */
import { Type } from "typebox";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { authToWire, personNameFromWire, requireNewPassword, shownName } from "../accounts.ts";
import { principalOf } from "../guards.ts";
import type { WrennParts } from "../parts.ts";
import type { Toolbox } from "../toolbox.ts";

const config = { undocumented: "no operation of the document; dashboards show and change the own account by it" };
const path = "/v1/me";

export function registerSelfRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): void {
  registerProfile(app, parts, toolbox);
  registerPassword(app, parts, toolbox);
}

function registerProfile(
  app: ApiInstance,
  { identity: { users, links, sessions } }: WrennParts,
  { accounts, guards, trail }: Toolbox,
): void {
  app.get(path, { onRequest: guards.user(), config, schema: { hide: true } }, async (request) => {
    const user = await users.getById(principalOf(request).userId);
    const providers = (await links.ofUser(user.id)).map(({ provider }) => provider);
    return { name: shownName(user), email: user.email ?? "", has_password: user.hasPassword, providers };
  });

  app.patch(
    path,
    {
      onRequest: guards.user("tokens.renew"),
      config,
      schema: { hide: true, body: Type.Object({ name: Type.String() }) },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      requireSession(principal);
      const displayName = personNameFromWire(request.body.name);
      const { username, userId, credential } = principal;
      const what = { action: "user.rename", target: username, details: { displayName } };
      await trail.change(request, principal, what, () => users.update(username, { displayName }));
      // Dashboards show the name that the token has.
      const issued = await sessions.open(userId, accounts.tokenOptions(request, credential.teamId));
      reply.header("cache-control", "no-store");
      return authToWire(issued);
    },
  );
}

const PasswordRequest = Type.Object({
  current_password: Type.Optional(Type.String({ description: "Not asked for where there is none yet" })),
  new_password: Type.String(),
});

function registerPassword(
  app: ApiInstance,
  { identity: { users }, loginRate }: WrennParts,
  { guards, trail }: Toolbox,
): void {
  app.post(
    `${path}/password`,
    {
      onRequest: guards.user("password.change-own"),
      config: { ...config, ...credentialLimit(loginRate).config },
      schema: { hide: true, body: PasswordRequest },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const keepSessionId = requireSession(principal);
      const { current_password, new_password } = request.body;
      requireNewPassword(new_password, "new_password");
      const { username, userId } = principal;
      await trail.change(request, principal, { action: "user.password", target: username }, async () => {
        const { hasPassword } = await users.getById(userId);
        if (hasPassword) await users.checkPassword(username, current_password ?? "");
        await users.setPassword(username, new_password, { keepSessionId });
      });
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} forbidden */
function requireSession({ credential }: Principal): string {
  if (credential.kind === "token") return credential.sessionId;
  throw new YardError("forbidden", "An API key does not change its user: log in, and use the token of that.");
}
