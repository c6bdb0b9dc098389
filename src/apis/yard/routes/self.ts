/** `/yard/v1/self`: what a token is good for. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";

const Self = Type.Object(
  {
    username: Type.String(),
    userId: Type.String(),
    isAdmin: Type.Boolean({ description: "Holds every permission there is" }),
    roles: Type.Array(Type.String()),
    permissions: Type.Array(Type.String()),
    teams: Type.Array(Type.Object({ name: Type.String(), role: Type.Enum(["owner", "admin", "member", "viewer"]) })),
    credential: Type.Object({
      kind: Type.Enum(["token", "apiKey"]),
      expiresAt: Type.Optional(Type.Integer({ description: "Milliseconds since 1970" })),
    }),
  },
  { description: "The caller" },
);

/** An administrator holds some seventy permissions, the same set for as long as the credential is known: sorting was a tenth of this request. */
const sorted = new WeakMap<ReadonlySet<string>, string[]>();

function sortedOnce(names: ReadonlySet<string>): string[] {
  const known = sorted.get(names) ?? [...names].sort();
  sorted.set(names, known);
  return known;
}

export function registerSelfRoute(app: ApiInstance, guard: Guard): void {
  app.get(
    "/yard/v1/self",
    {
      onRequest: guard(),
      schema: {
        operationId: "getSelf",
        summary: "Who the caller is, and what they may do",
        tags: ["Identity"],
        security: bearer,
        response: { 200: Self, ...errorReplies(401) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { credential } = principal;
      return {
        username: principal.username,
        userId: principal.userId,
        isAdmin: principal.isAdmin,
        roles: [...principal.roles],
        permissions: sortedOnce(principal.permissions),
        teams: [...principal.teams].map(([name, role]) => ({ name, role })),
        credential: {
          kind: credential.kind,
          expiresAt: credential.kind === "token" ? credential.expiresAt : undefined,
        },
      };
    },
  );
}
