/** `GET /yard/v1/audit` */
import { Type } from "typebox";
import type { AuditEntryRow } from "../../../platform/db/schema.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import { AuditRow, auditRow, textsOfEntry } from "../rows/audit-entry.ts";
import type { ListTools } from "./list-tools.ts";
import { matcherOf } from "./matching.ts";
import { pageQuery, pageReply, placeFormat, WholeNumber } from "./page.ts";

const places = placeFormat(WholeNumber);
const word = (description: string) => Type.Optional(Type.String({ maxLength: 256, description }));

export function registerAuditList(app: ApiInstance, { sees, parts: { auditLog } }: ListTools): void {
  app.get(
    "/yard/v1/audit",
    {
      onRequest: sees("events"),
      schema: {
        operationId: "listAuditEntries",
        summary: "Look through what was done, newest first",
        tags: ["Lists"],
        security: bearer,
        querystring: Type.Object({
          ...pageQuery,
          action: word("What the action begins with"),
          actor: word("A user's name"),
        }),
        response: { 200: pageReply(AuditRow, "Entries"), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async ({ query: { search, action, actor, after, limit } }) => {
      const { rows, next } = await auditLog.page({
        ...{ from: places.read(after), limit },
        ...((search || action || actor) && { matches: matchesOf(search, action, actor) }),
      });
      return { items: rows.map(auditRow), next: next === undefined ? null : places.write(next) };
    },
  );
}

function matchesOf(search: string | undefined, action = "", actor = ""): (entry: AuditEntryRow) => boolean {
  const hasWords = matcherOf(search);
  return (entry) =>
    entry.action.startsWith(action) &&
    (actor === "" || entry.actor_name === actor) &&
    (hasWords?.(...textsOfEntry(entry)) ?? true);
}
