/** When a unit starts again after one of its runs has ended. */
import type { RestartPolicy, RunStatus, UnitSpec } from "./protocol.ts";
import { opensAt } from "./window.ts";

/** However short the interval asked for: a crash loop starts no more than ten times a second. */
const leastIntervalMs = 100;
/** What could not be started rarely can be a moment later. */
export const leastIntervalAfterStartErrorMs = 1_000;

type Rules = Pick<UnitSpec, "restart" | "schedule" | "startsAtOnce" | "window">;

/** @returns wall time in milliseconds, not before now and inside the window; undefined if it is not to start again, its schedule apart */
export function nextStartOf(rules: Rules, run: RunStatus, now: number): number | undefined {
  if (run.stopCause === "window") return resumes(rules) ? opensAt(rules.window, now) : undefined;
  if (!startsAgain(rules.restart, run)) return undefined;
  const least = run.startError ? leastIntervalAfterStartErrorMs : leastIntervalMs;
  return opensAt(rules.window, Math.max(now, run.startedAt + Math.max(least, rules.restart.minIntervalMs)));
}

/** Whether what was ended from outside (the window closed, the agent shut down) goes on when it may: a unit that only its schedule starts waits
 *  for the next slot. */
export function resumes({ schedule, startsAtOnce, restart }: Rules): boolean {
  return !schedule || startsAtOnce === true || restart.onExit === "always";
}

/** The latest that a start may wait for that no window puts off: after the clock was set back, none may wait for the hour to come again. */
export function longestWaitMs({ minIntervalMs }: RestartPolicy): number {
  return Math.max(leastIntervalAfterStartErrorMs, minIntervalMs);
}

/** A run that was ended by its timeout ends like any other; one that was stopped, replaced or shut down is not started by its policy. */
function startsAgain(policy: RestartPolicy, run: RunStatus): boolean {
  if (run.stopCause && run.stopCause !== "timeout") return false;
  const code = run.exit?.code;
  const action = (typeof code === "number" ? policy.codes?.[`${code}`] : undefined) ?? policy.onExit;
  return action === "always";
}

export const hasEnded = (run: RunStatus): boolean => run.exit !== undefined || run.startError !== undefined;
