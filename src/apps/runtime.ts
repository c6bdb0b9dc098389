/** What is known of an app's runs, from the state of its unit. */
import type { RunStatus, StopCause, UnitStatus } from "../agent/protocol.ts";
import type { Exit } from "../sandboxes/sandbox.ts";
import type { AppRuntime } from "./app.ts";
import type { MirroredUnit } from "./mirror.ts";

/** Of an app whose unit is not there yet. */
const nothing: AppRuntime = { starts: 0, runs: [], healthy: false };

/** Made once for each state of a unit: a list of a thousand apps finds nearly all as they were at the last look. */
const made = new WeakMap<MirroredUnit, AppRuntime>();

export function runtimeOf(mirrored: MirroredUnit | undefined): AppRuntime {
  if (!mirrored) return nothing;
  const known = made.get(mirrored);
  if (known) return known;
  const { unit } = mirrored;
  const runtime = {
    starts: unit.starts,
    runs: unit.runs.map(withoutSecret),
    lastEnded: unit.lastEnded && withoutSecret(unit.lastEnded),
    nextStartAt: unit.nextStartAt,
    lastError: lastErrorOf(unit),
    healthy: isHealthy(mirrored),
  };
  made.set(mirrored, runtime);
  return runtime;
}

/** What the agent reports, or the end of a run that did not end well, whichever came later. */
function lastErrorOf({ lastError, lastEnded }: UnitStatus): AppRuntime["lastError"] {
  const exit = lastEnded?.exit;
  const message = exit && faultOf(exit, lastEnded?.stopCause);
  if (!message || (lastError && lastError.at >= exit.at)) return lastError;
  return { at: exit.at, message };
}

const faultOfStop: Readonly<Record<StopCause, string | undefined>> = {
  stopped: "It was stopped.",
  timeout: "It was killed at its timeout.",
  superseded: "It was killed: its next run was due.",
  window: "It was killed: it may not run at this time.",
  replaced: undefined,
  shutdown: undefined,
};

function faultOf({ code, signal }: Exit, stopCause: StopCause | undefined): string | undefined {
  if (stopCause !== undefined) return faultOfStop[stopCause];
  if (code === 0) return undefined;
  if (code !== null) return `It exited with ${code}.`;
  if (signal !== null) return `It was killed by ${signal}.`;
  return "It ended while its agent was away: how is unknown.";
}

export function isRunning(run: RunStatus | undefined): run is RunStatus & { pid: number } {
  return run?.pid !== undefined && !hasEnded(run);
}

export function hasEnded(run: RunStatus): boolean {
  return run.exit !== undefined || run.startError !== undefined;
}

/** By the last health check where there is one; an app that has one and may not run is not healthy. Otherwise: it runs, or the last of its
 *  runs ended well, or it is temporary and about to start. An end that nobody saw may have been any, and what was stopped did not end well. */
function isHealthy({ unit, meta }: MirroredUnit): boolean {
  if (unit.health) return unit.health.ok;
  const [run] = unit.runs;
  if (meta.kind === "defined" && meta.isChecked) return unit.enabled && isRunning(run); // before the first check
  if (!run) return meta.kind === "temporary";
  return isRunning(run) || (run.exit?.code === 0 && run.stopCause === undefined);
}

/** Whoever holds a run's secret speaks for it: it stays between the yard and the process. */
export function withoutSecret({ secret: _secret, ...run }: RunStatus): RunStatus {
  return run;
}
