/** How long audit entries are kept, in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { RetentionPreview, RetentionRules, RetentionRun } from "../../identity/audit-retention.ts";
import { YardError } from "../../platform/errors.ts";
import { Timestamp, timeToWire } from "./account-words.ts";

export const RetentionConfig = Type.Object({
  mode: Type.Enum(["forever", "days", "archive_local", "archive_target"], {
    description: "`archive_local`: what is too old is put into a file on the server first. There are no targets here",
  }),
  days: Type.Optional(Type.Integer({ minimum: 1, description: "Entries that are older are pruned" })),
  target_id: Type.Optional(Type.Integer()),
  local_dir: Type.Optional(Type.String({ description: "Below the server's directory for archives" })),
});

const Preview = Type.Object({
  mode: Type.String(),
  cutoff_at: Type.Optional(Timestamp),
  would_prune: Type.Integer(),
  total_rows: Type.Integer(),
  oldest_at: Type.Optional(Timestamp),
});

export const Retention = Type.Object({ config: RetentionConfig, preview: Preview });

export const RetentionResult = Type.Object({
  mode: Type.String(),
  cutoff_at: Type.Optional(Timestamp),
  pruned: Type.Integer(),
  archived: Type.Boolean(),
  archive_path: Type.Optional(Type.String({ description: "On the server" })),
  bridge_row_id: Type.Optional(Type.Integer({ description: "The entry that stands for those that were pruned" })),
  duration_ms: Type.Integer(),
});

/** @throws {YardError} invalid (`mode`) */
export function rulesFromWire({ mode, days, local_dir }: Static<typeof RetentionConfig>): RetentionRules {
  if (mode === "archive_target")
    throw new YardError("invalid", "there are no targets for archives here: use archive_local", { field: "mode" });
  const directory = local_dir?.trim();
  return {
    mode: mode === "archive_local" ? "archive" : mode,
    ...(days !== undefined && { days }),
    ...(directory && { directory }),
  };
}

export function retentionToWire(
  { rules, cutoff, wouldPrune }: RetentionPreview,
  { entries, oldestAt }: { readonly entries: number; readonly oldestAt: number | undefined },
): Static<typeof Retention> {
  const { days, directory } = rules;
  const mode = modeToWire(rules);
  return {
    config: { mode, ...(days !== undefined && { days }), ...(directory !== undefined && { local_dir: directory }) },
    preview: {
      ...{ mode, would_prune: wouldPrune, total_rows: entries },
      ...(cutoff !== undefined && { cutoff_at: timeToWire(cutoff) }),
      ...(oldestAt !== undefined && { oldest_at: timeToWire(oldestAt) }),
    },
  };
}

export function retentionRunToWire(run: RetentionRun): Static<typeof RetentionResult> {
  const { rules, cutoff, pruned, archive, bridge, durationMs } = run;
  return {
    ...{ mode: modeToWire(rules), pruned, archived: archive !== undefined, duration_ms: durationMs },
    ...(cutoff !== undefined && { cutoff_at: timeToWire(cutoff) }),
    ...(archive && { archive_path: archive.path }),
    ...(bridge !== undefined && { bridge_row_id: bridge }),
  };
}

function modeToWire({ mode }: RetentionRules): "forever" | "days" | "archive_local" {
  return mode === "archive" ? "archive_local" : mode;
}
