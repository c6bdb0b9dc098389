/** `fs_merge`: a snapshot of two. */
import { Type } from "typebox";
import type { MergeConflict } from "../../../snapshots/merge-file.ts";
import type { Snapshots } from "../../../snapshots/snapshots.ts";
import { argumentsOf, defineTool, maybe, type Tool } from "../tool.ts";

const CaId = Type.String({ description: "The id of a snapshot: 64 hexadecimal digits" });
const NullableCaId = Type.Union([CaId, Type.Null()]);

const Conflict = Type.Object({
  path: Type.String(),
  base: NullableCaId,
  ours: NullableCaId,
  theirs: NullableCaId,
  kind: Type.Enum(["text", "binary", "sqlite", "modify/delete"]),
  markers: Type.Optional(Type.String({ description: "The file with the conflicts marked" })),
  diff_ours: Type.Optional(Type.String({ description: "Unified diff from the base" })),
  diff_theirs: Type.Optional(Type.String()),
});

export function mergeTool({ merge }: Pick<Snapshots, "merge">): Tool {
  return defineTool({
    name: "fs_merge",
    title: "Merge two snapshots",
    description: "Merges two snapshots into a new one, or tells all conflicts and makes none. No label moves.",
    needs: "snapshots.write",
    input: argumentsOf({
      base: maybe(Type.String({ description: "What both come from; without it both have added everything" })),
      ours: CaId,
      theirs: CaId,
      prefer: maybe(
        Type.Enum(["ours", "theirs", "none"], { description: "Whose file to take where there is a conflict" }),
      ),
    }),
    output: Type.Object({
      status: Type.Enum(["merged", "conflict"]),
      ca_id: Type.Optional(CaId),
      conflicts: Type.Optional(Type.Array(Conflict)),
    }),
    async run({ base, ours, theirs, prefer }, { caller }) {
      const side = prefer === "none" ? undefined : (prefer ?? undefined);
      const merged = await merge(caller.teamId, { base: base ?? undefined, ours, theirs, prefer: side });
      if (merged.status === "merged") return { status: merged.status, ca_id: merged.id };
      return { status: merged.status, conflicts: merged.conflicts.map(conflictToWire) };
    },
  });
}

function conflictToWire({ text, ...conflict }: MergeConflict) {
  return { ...conflict, markers: text?.markers, diff_ours: text?.diffOurs, diff_theirs: text?.diffTheirs };
}
