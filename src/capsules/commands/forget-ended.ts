/** Forgets the commands that have ended while nobody listened. Whoever looks at the commands of a capsule does it by the way. */
import type { Process } from "../../sandboxes/sandbox.ts";
import type { Listening } from "./attachment.ts";
import { recognise } from "./recognise.ts";

/** Never fails: what stays is forgotten by its host, a little later. */
export async function forgetEnded(processes: readonly Process[], { sandbox, attendance }: Listening): Promise<void> {
  for (const process of processes) {
    if (!process.exit || attendance.isListenedTo(process.id)) continue;
    const kind = recognise(process)?.kind;
    if (kind === undefined || kind === "run") continue; // a run is forgotten by who waits for it
    await sandbox.forget(process.id).catch(() => {});
  }
}
