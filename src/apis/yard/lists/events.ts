/** `GET /yard/v1/events` */
import { Type } from "typebox";
import type { LoggedEvent } from "../../../platform/bus/event-log.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { EventRow, eventRow, subjectAsked, textsOfEvent } from "../rows/event.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, placeFormat, WholeNumber } from "./page.ts";

const places = placeFormat(WholeNumber);
const word = Type.Optional(Type.String({ maxLength: 256 }));

export function registerEventList(app: ApiInstance, { sees, parts: { events, words } }: ListTools): void {
  app.get(
    "/yard/v1/events",
    {
      onRequest: sees("events"),
      schema: {
        operationId: "listEvents",
        summary: "Look through what happened",
        description: "The oldest first, `next` is never null: asked with it again, it tells what has come later.",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          sort: Type.Enum(["oldest", "newest"], { default: "oldest" }),
          ...{ topic: word, subject: word },
        }),
        response: { 200: pageReply(EventRow, "Events"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async ({ query: { search, sort, topic, subject, after, limit } }) => {
      const matches = matcherOf(search);
      const from = places.read(after);
      const { rows, next } = await events.page({
        ...{ order: sort, from, limit },
        ...(topic !== undefined && { topic }),
        ...(subject !== undefined && { subject: subjectAsked(subject, words) }),
        ...(matches && { matches: (event: LoggedEvent) => matches(...textsOfEvent(eventRow(event, words))) }),
      });
      const place = next ?? (sort === "oldest" ? (rows.at(-1)?.seq ?? from ?? 0) : undefined);
      return {
        items: rows.map((event) => eventRow(event, words)),
        next: place === undefined ? null : places.write(place),
      };
    },
  );
}
