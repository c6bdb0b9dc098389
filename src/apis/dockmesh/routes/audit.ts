/** The yard's audit log: read, and checked for what somebody has changed behind its back. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { auditEntryToWire, Verification, verificationToWire, WireAuditEntry } from "../audit-words.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["audit"], security: bearer };
const [usualEntries, mostEntries] = [100, 1_000];

type AuditParts = Pick<DockmeshParts, "identity" | "auditLog">;

export function registerAuditRoutes(app: ApiInstance, { identity, auditLog }: AuditParts, { guards }: Toolbox): void {
  const onRequest = guards.may("audit.read");

  app.get(
    `${basePath}/audit`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "audit.list",
        summary: "List what was done, newest first",
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ description: "100 if absent, or not between 1 and 1000" })),
          action: Type.Optional(Type.String({ maxLength: 200, description: "What actions begin with" })),
          user_id: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: { 200: Type.Array(WireAuditEntry), ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const { limit = usualEntries, action: actionPrefix = "", user_id: actorId = "" } = request.query;
      const most = limit >= 1 && limit <= mostEntries ? limit : usualEntries;
      const entries = await auditLog.list({ limit: most, actionPrefix, actorId: actorId || undefined });
      return entries.map(auditEntryToWire);
    },
  );

  app.get(
    `${basePath}/audit/verify`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "audit.verify",
        summary: "Check that every entry is as it was written, and none is missing",
        response: { 200: Verification, ...errorReplies(401, 403) },
      },
    },
    async () => verificationToWire(await identity.audit.verify()),
  );
}
