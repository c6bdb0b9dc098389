/** How long entries of the audit log are kept. */

import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields } from "../account-words.ts";
import {
  Retention,
  RetentionConfig,
  RetentionResult,
  retentionRunToWire,
  retentionToWire,
  rulesFromWire,
} from "../audit-retention-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["audit"], security: bearer };

type RetentionParts = Pick<DockmeshParts, "auditRetention" | "auditLog">;

export function registerAuditRetentionRoutes(app: ApiInstance, parts: RetentionParts, toolbox: Toolbox): void {
  const { auditRetention, auditLog } = parts;
  const { guards, trail } = toolbox;

  app.get(
    `${basePath}/audit/retention`,
    {
      onRequest: guards.may("audit.read"),
      schema: {
        ...about,
        operationId: "audit.retention_get",
        summary: "How long entries are kept, and how many are too old now",
        response: { 200: Retention, ...errorReplies(401, 403) },
      },
    },
    async () => retentionToWire(await auditRetention.preview(), await auditLog.size()),
  );

  app.put(
    `${basePath}/audit/retention`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "audit.retention_set",
        summary: "Say how long entries are kept; what is too old goes with the next run, about every hour",
        body: RetentionConfig,
        response: { 200: Retention, ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const { mode, days } = request.body;
      const details = { mode, ...(days !== undefined && { days }) };
      const what = { action: "audit.retention_update", target: mode, details };
      const work = () => inWireFields(async () => auditRetention.set(rulesFromWire(request.body)));
      const preview = await trail.change(request, principalOf(request), what, work);
      return retentionToWire(preview, await auditLog.size());
    },
  );

  app.post(
    `${basePath}/audit/retention/run`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "audit.retention_run",
        summary: "Prune what is too old now",
        description: "Nothing is pruned of a log that does not hold, nor before its archive is on the disk.",
        response: { 200: RetentionResult, ...errorReplies(401, 403, 409, 502, 503, 507) },
      },
    },
    async (request) => {
      const { userId: id, username: name } = principalOf(request);
      return retentionRunToWire(await auditRetention.run({ id, name }));
    },
  );
}
