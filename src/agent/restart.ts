/** When a unit starts again. */
import type { RestartPolicy, RunStatus } from "./protocol.ts";

/** However short the interval asked for: a crash loop starts no more than ten times a second. */
const leastIntervalMs = 100;
/** What could not be started rarely can be a moment later. */
const leastIntervalAfterStartErrorMs = 1_000;

/** @returns wall time in milliseconds, not before now; undefined if it is not to start again */
export function nextStartOf(policy: RestartPolicy, run: RunStatus, now: number): number | undefined {
  if (!startsAgain(policy, run)) return undefined;
  const least = run.startError ? leastIntervalAfterStartErrorMs : leastIntervalMs;
  return Math.max(now, run.startedAt + Math.max(least, policy.minIntervalMs));
}

/** A run that was ended by its timeout ends like any other; one that was stopped, replaced or shut down is not started by its policy. */
function startsAgain(policy: RestartPolicy, run: RunStatus): boolean {
  if (run.stopCause && run.stopCause !== "timeout") return false;
  const code = run.exit?.code;
  const action = (typeof code === "number" ? policy.codes?.[`${code}`] : undefined) ?? policy.onExit;
  return action === "always";
}

export const hasEnded = (run: RunStatus): boolean => run.exit !== undefined || run.startError !== undefined;
