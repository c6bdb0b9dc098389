/** Looking for users whom one could bring into a team. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { idToWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export function registerUserRoutes(
  app: ApiInstance,
  { identity: { users } }: Pick<WrennParts, "identity">,
  { guards }: Toolbox,
): void {
  app.get(
    "/v1/users/search",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        operationId: "searchUsers",
        summary: "Find users by how their e-mail address begins; ten at most",
        description: "Whoever asks must know all that stands before the @.",
        tags: ["Users"],
        security: userSecurity,
        querystring: Type.Object({ email: Type.String({ description: "The beginning, with an @ in it" }) }),
        response: {
          200: Type.Array(Type.Object({ user_id: Type.String(), email: Type.String() })),
          ...errorReplies(400, 401, 403),
        },
      },
    },
    async (request) => {
      const prefix = request.query.email.trim();
      if (prefix.length < 3 || !prefix.includes("@"))
        throw new YardError("invalid", "must have 3 characters or more, and an @", { field: "email" });
      if (prefix.includes("\0")) throw new YardError("invalid", "holds a NUL character", { field: "email" });
      return (await users.searchByEmail(prefix)).map(({ id, email }) => ({ user_id: idToWire("user", id), email }));
    },
  );
}
