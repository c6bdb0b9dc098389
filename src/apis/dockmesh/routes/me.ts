/** Who asks, and what that one may bring along where no header can be sent. */
import { Type } from "typebox";
import type { Principal } from "../../../identity/principal.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { ScopeTags, scopeToWire, userToWire, WireUser } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { shownRole } from "../role-words.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const MeApiToken = Type.Object({
  kind: Type.String({ description: "`api_token`" }),
  username: Type.String({ description: "The same for all tokens" }),
  owner: Type.String({ description: "Who made the token" }),
  role: Type.String(),
  api_token_id: Type.Integer(),
  scope_tags: Type.Optional(ScopeTags),
  mfa_enabled: Type.Boolean(),
});

export function registerMeRoutes(
  app: ApiInstance,
  { identity: { users, roles }, tickets }: Pick<DockmeshParts, "identity" | "tickets">,
  { guards }: Toolbox,
): void {
  async function tokenToWire(principal: Principal, number: number, roleName: string | undefined) {
    return {
      kind: "api_token",
      username: "api-token",
      owner: principal.username,
      role: roleName ?? shownRole(principal.roles, await roles.list()),
      api_token_id: number,
      ...scopeToWire(principal.hostTags),
      mfa_enabled: false,
    };
  }

  app.get(
    `${basePath}/me`,
    {
      onRequest: guards.signedIn(),
      schema: {
        operationId: "users.me",
        summary: "Tell whose token this is",
        tags: ["users"],
        security: bearer,
        response: { 200: Type.Union([WireUser, MeApiToken]), ...errorReplies(401) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { credential, userId } = principal;
      if (credential.kind === "apiKey") return tokenToWire(principal, credential.number, credential.roleName);
      return userToWire(await users.getById(userId), await roles.list());
    },
  );

  app.post(
    `${basePath}/ws/ticket`,
    {
      onRequest: guards.signedIn(),
      schema: {
        operationId: "ws.ticket",
        summary: "Get a ticket for a WebSocket",
        description: "It is good once, for 30 s, as `?ticket=` where a browser can send no Authorization.",
        tags: ["auth"],
        security: bearer,
        response: { 200: Type.Object({ ticket: Type.String() }), ...errorReplies(401, 409) },
      },
    },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      return { ticket: await tickets.issue(principalOf(request)) };
    },
  );
}
