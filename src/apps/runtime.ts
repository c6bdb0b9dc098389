/** What is known of an app's runs, from the state of its unit. */
import type { RunStatus, UnitStatus } from "../agent/protocol.ts";
import type { Exit } from "../sandboxes/sandbox.ts";
import type { App, AppRuntime } from "./app.ts";

export function runtimeOf(kind: App["kind"], unit: UnitStatus | undefined): AppRuntime {
  return {
    starts: unit?.starts ?? 0,
    runs: unit?.runs.map(withoutSecret) ?? [],
    lastEnded: unit?.lastEnded && withoutSecret(unit.lastEnded),
    nextStartAt: unit?.nextStartAt,
    lastError: unit && lastErrorOf(unit),
    healthy: isHealthy(kind, unit?.runs[0]),
  };
}

/** What the agent reports, or the end of a run that did not end well, whichever came later. */
function lastErrorOf({ lastError, lastEnded }: UnitStatus): AppRuntime["lastError"] {
  const exit = lastEnded?.exit;
  const message = exit && faultOf(exit, lastEnded?.stopCause);
  if (!message || (lastError && lastError.at >= exit.at)) return lastError;
  return { at: exit.at, message };
}

function faultOf({ code, signal }: Exit, stopCause: RunStatus["stopCause"]): string | undefined {
  if (stopCause === "timeout") return "It was killed at its timeout.";
  if (stopCause !== undefined || code === 0) return undefined;
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

/** It runs, or it ended well, or it is temporary and about to start. An end that nobody saw may have been any. */
function isHealthy(kind: App["kind"], run: RunStatus | undefined): boolean {
  if (!run) return kind === "temporary";
  return isRunning(run) || run.exit?.code === 0;
}

/** Whoever holds a run's secret speaks for it: it stays between the yard and the process. */
export function withoutSecret({ secret: _secret, ...run }: RunStatus): RunStatus {
  return run;
}
