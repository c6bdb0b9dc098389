/** `/api/fs/merge`: a snapshot of two. */
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { MergeSide } from "../../../snapshots/merge.ts";
import type { MergeConflict } from "../../../snapshots/merge-file.ts";
import { callerOf, type Guard } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { MergeReply, MergeRequest, ofBody, requireCaId } from "../fs-schemas.ts";
import type { McpV8Parts } from "../parts.ts";
import { security } from "../schemas.ts";

export function registerMergeRoute(app: ApiInstance, { snapshots }: Pick<McpV8Parts, "snapshots">, guard: Guard): void {
  app.post(
    "/api/fs/merge",
    {
      ...ofBody,
      onRequest: guard("snapshots.write"),
      schema: {
        tags: ["fs"],
        security,
        operationId: "mergeFsSnapshots",
        summary: "Merge two snapshots into a new one",
        body: MergeRequest,
        response: { 200: MergeReply, ...errorReplies(400, 413, 415, 422, 503, 507) },
      },
    },
    async (request) => {
      const { base, ours, theirs } = request.body;
      const prefer = sideFromWire(request.body.prefer);
      for (const id of [ours, theirs, ...(base == null ? [] : [base])]) requireCaId(id);
      const wanted = { base: base ?? undefined, ours, theirs, prefer };
      const merge = await snapshots.merge(callerOf(request).teamId, wanted).catch(unknownSnapshot);
      if (merge.status === "merged") return { status: merge.status, ca_id: merge.id };
      return { status: merge.status, conflicts: merge.conflicts.map(conflictToWire) };
    },
  );
}

/** @throws {YardError} invalid */
function sideFromWire(text: string | null | undefined): MergeSide | undefined {
  const side = (text ?? "").trim().toLowerCase();
  if (side === "ours" || side === "theirs") return side;
  if (side === "" || side === "none") return undefined;
  throw new YardError("invalid", `invalid prefer ${JSON.stringify(text?.slice(0, 100))}: it is ours, theirs or none.`);
}

function unknownSnapshot(error: unknown): never {
  if (!isYardError(error, "not_found")) throw error;
  throw new YardError("invalid", `fs_merge: ${error.message}`, { cause: error });
}

function conflictToWire({ path, base, ours, theirs, kind, text }: MergeConflict) {
  return {
    ...{ path, base, ours, theirs, kind },
    markers: text?.markers,
    diff_ours: text?.diffOurs,
    diff_theirs: text?.diffTheirs,
  };
}
