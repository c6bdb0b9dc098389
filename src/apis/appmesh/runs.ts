/** How long runs may take, as App Mesh's clients ask for it. */

import { parseDurationSeconds } from "../../platform/durations.ts";
import { YardError } from "../../platform/errors.ts";

const day = 86_400;
const defaultTimeoutSeconds = 2 * day;
const defaultLifecycleSeconds = 2.5 * day;
const longestSeconds = 3 * day;

export interface RunTimes {
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** How long the run stays, ended or not, until it is removed. 0: it is removed at once. */
  readonly lifetimeMs: number;
}

/** `timeout` and `lifecycle` in seconds or as ISO 8601 durations. A positive value out of range silently becomes the default, as does a
 *  lifecycle shorter than the timeout; a timeout of 0 or less is none; with a negative lifecycle the run is removed at once.
 *  @throws {YardError} invalid */
export function runTimesOf(query: { timeout?: string; lifecycle?: string }): RunTimes {
  const timeout = secondsOf(query.timeout, "timeout") ?? defaultTimeoutSeconds;
  const lifecycle = secondsOf(query.lifecycle, "lifecycle") ?? defaultLifecycleSeconds;
  if (lifecycle === 0) throw new YardError("invalid", "must not be 0", { field: "lifecycle" });
  const timeoutSeconds = timeout > longestSeconds ? defaultTimeoutSeconds : timeout;
  const tooLong = lifecycle > longestSeconds || (lifecycle > 0 && lifecycle < timeoutSeconds);
  const lifecycleSeconds = tooLong ? Math.max(defaultLifecycleSeconds, timeoutSeconds) : Math.max(0, lifecycle);
  return { timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1_000 : undefined, lifetimeMs: lifecycleSeconds * 1_000 };
}

/** An integer query value, which may also be an ISO 8601 duration. */
export function secondsOf(text: string | undefined, field: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  const seconds = parseDurationSeconds(text);
  if (seconds === undefined)
    throw new YardError("invalid", "must be whole seconds or an ISO 8601 duration like PT5M", { field });
  return seconds;
}
