/** How App Mesh counts the end of a process: its exit status; 9 for what the yard itself killed, whatever the signal; the signal's
 *  number for a death by somebody else's; nothing for a run that goes on, or whose end nobody saw. */
import { constants } from "node:os";
import type { RunStatus } from "../../agent/protocol.ts";

const killedByYard = 9;

export function exitCodeOf(run: RunStatus): number | undefined {
  if (!run.exit) return undefined;
  if (run.stopCause) return killedByYard;
  if (run.exit.code !== null) return run.exit.code;
  if (run.exit.signal !== null) return signalNumber(run.exit.signal);
  return undefined;
}

/** Ended, and nobody was there who could know how. */
export function endedUnknown(run: RunStatus): boolean {
  return run.exit !== undefined && exitCodeOf(run) === undefined;
}

function signalNumber(name: string): number | undefined {
  const numbers: Record<string, number | undefined> = constants.signals;
  return numbers[name];
}
