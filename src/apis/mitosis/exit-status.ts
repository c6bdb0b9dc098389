/** How a task's command has ended. Mitosis' own programs give and take what `waitpid` gives, and so it is stored: exit code n is n × 256, death by
 *  signal s is s, or s + 128 with a core dump. The document's readers know exit codes, where a death by signal s is 128 + s, as in a shell. */
import { YardError } from "../../platform/errors.ts";
import type { TaskFilter } from "../../tasks/task.ts";
import { quirks, type Reading } from "./quirks.ts";

const perExitCode = 256;
const signals = 0x7f;

export function exitStatusToWire(waitStatus: number, reading: Reading): number {
  if (quirks.exitStatus[reading] === "wait status") return waitStatus;
  const signal = waitStatus & signals;
  return signal === 0 ? waitStatus / perExitCode : 128 + signal;
}

/** @throws {YardError} invalid, for an exit code that no wait status can hold */
export function waitStatusFromWire(status: number, reading: Reading): number {
  if (quirks.exitStatus[reading] === "wait status") return status;
  const waitStatus = status * perExitCode;
  if (waitStatus === (waitStatus | 0)) return waitStatus;
  throw new YardError("invalid", "is no exit code: those have 24 bits", { field: "exit_status" });
}

type Comparing = NonNullable<TaskFilter["waitStatus"]>;

/** Exit codes are compared by their wait status; a death by a signal lies between the codes 0 and 1 then. */
export function comparisonFromWire(comparing: Comparing | undefined, reading: Reading): Comparing | undefined {
  return comparing && { ...comparing, value: waitStatusFromWire(comparing.value, reading) };
}
