/** What runs in a capsule outlives the connection by which somebody listens to it, and the yard. Here is what tells whether there is anything to come
 *  back to. */
import { YardError } from "../platform/errors.ts";
import { listProcesses, type ProcessSeen } from "./capsule-processes.ts";
import { getCapsule } from "./capsules.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";

/** Its host is not heard of, or is just taken over. */
const passing: ReadonlySet<string> = new Set(["missing", "pending", "starting"]);

/** Whether a process of the capsule still runs.
 *  @throws {YardError} unavailable: that cannot be told yet; interrupted: the capsule itself does not run */
export async function stillRuns(
  client: YardClient,
  capsule: string,
  isIt: (process: ProcessSeen) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const { status } = await getCapsule(client, capsule, signal);
  if (passing.has(status)) throw new YardError("unavailable", `capsule ${capsule} is ${inert(status)}`);
  if (status !== "running")
    throw new YardError(
      "interrupted",
      `capsule ${capsule} is ${inert(status)}${status === "paused" ? ": what ran in it goes on when it is resumed" : ""}.`,
    );
  return (await listProcesses(client, capsule, signal)).some(isIt);
}
