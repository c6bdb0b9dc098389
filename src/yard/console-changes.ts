/** What rooms say of rows that have changed, for who looks at lists of them. */
import type { AppParts } from "../apps/parts.ts";
import type { CapsuleParts } from "../capsules/parts.ts";
import type { RowChanges } from "../platform/bus/row-changes.ts";
import type { ScriptsParts } from "../scripts/scripts.ts";
import type { TaskRoomParts } from "../tasks/room.ts";

export interface ChangesHeard {
  readonly apps: NonNullable<AppParts["changed"]>;
  readonly tasks: NonNullable<TaskRoomParts["changes"]>;
  readonly capsules: NonNullable<CapsuleParts["changed"]>;
  readonly executions: NonNullable<ScriptsParts["changed"]>;
}

export function hearChanges({ note, noteAll }: RowChanges): ChangesHeard {
  return {
    apps: (id, kind) => note("apps", { id, kind }),
    tasks: {
      note(uuids, kind) {
        for (const id of uuids) note("tasks", { id, kind });
      },
      noteAll: () => noteAll("tasks"),
    },
    capsules: ({ id, teamId }, kind) => note("capsules", { id, teamId, kind }),
    executions: ({ id, teamId }, kind) => note("executions", { id, teamId, kind }),
  };
}
