/** `/yard/v1/events`: what happened, in order. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";

const EventQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "`next` of the page before; none: from the oldest that is kept",
    }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
});

const EventPage = Type.Object(
  {
    events: Type.Array(
      Type.Object({
        seq: Type.Integer(),
        at: Type.Integer({ description: "Milliseconds since 1970" }),
        topic: Type.String(),
        subject: Type.String({ description: "The id of what it speaks of" }),
        data: Type.Unknown(),
      }),
    ),
    next: Type.Integer({ description: "Ask with this as `after` for what came later" }),
  },
  { description: "The oldest first" },
);

export function registerEventsRoute(app: ApiInstance, { events }: Pick<YardApiParts, "events">, guard: Guard): void {
  app.get(
    "/yard/v1/events",
    {
      onRequest: guard("audit.view"),
      schema: {
        operationId: "listEvents",
        summary: "Read the event log, page by page",
        tags: ["Events"],
        security: bearer,
        querystring: EventQuery,
        response: { 200: EventPage, ...errorReplies(400, 401, 403, 503) },
      },
    },
    async ({ query: { after, limit } }) => {
      const page = await events.read({ after, limit });
      return { events: [...page], next: page.at(-1)?.seq ?? after ?? 0 };
    },
  );
}
