/** `GET /yard/v1/search`: anything by a part of its name, or by an id that somebody has pasted. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard } from "../guard.ts";
import type { ListTools } from "../lists/list-tools.ts";
import { bestOf } from "./best.ts";
import { findHits, Hit } from "./hits.ts";

const mostHits = 20;

export function registerSearchRoute(app: ApiInstance, { viewerOf, parts }: ListTools, guard: Guard): void {
  app.get(
    "/yard/v1/search",
    {
      onRequest: guard(),
      schema: {
        operationId: "search",
        summary: "Find anything by a part of its name, or by its id",
        tags: ["Overview"],
        security: bearer,
        querystring: Type.Object({ q: Type.String({ minLength: 1, maxLength: 200 }) }),
        response: {
          200: Type.Object({ items: Type.Array(Hit) }, { description: "The best first" }),
          ...errorReplies(400, 401, 503),
        },
      },
    },
    async (request) => {
      const text = request.query.q.trim();
      if (text === "") throw new YardError("invalid", "is blank", { field: "q" });
      return { items: bestOf(await findHits(parts, await viewerOf(request), text), text, mostHits) };
    },
  );
}
