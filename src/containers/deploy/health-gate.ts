/** Whether what was started has come up. */
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { YardError } from "../../platform/errors.ts";
import { createDemultiplexer } from "../streams/demultiplex.ts";
import { interrupted } from "./steps.ts";

export interface Gate extends GateTimes {
  /** Whoever waits gives up. */
  readonly signal: AbortSignal;
}

export interface GateTimes {
  /** How long a container without a healthcheck must have run, in milliseconds: what cannot reach its database or read its settings mostly ends within that. */
  readonly settleMs: number;
  /** How long one that is to do its work and end may take. */
  readonly completionMs: number;
}

export const usualCompletionMs = 30 * 60_000;

/** Looks become rarer: 50 ms after the first, and at most a second apart. */
const firstLookMs = 50;
const longestLookMs = 1_000;
/** Beyond the time that a healthcheck may take by its own account. */
const healthSlackMs = 10_000;
const usualHealthMs = 60_000;
const outputLines = 5;

type Inspected = Docker.ContainerInspectInfo;

/** Waits until a container is healthy, or has run for a while if it has no healthcheck. One that has ended well is up, too.
 *  @param name as messages call it  @throws {YardError} internal, with what the container said last */
export async function waitUntilUp(engine: Engine, id: string, name: string, { settleMs, signal }: Gate): Promise<void> {
  const startedAt = performance.now();
  let restartsBefore: number | undefined;
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * 1.5, longestLookMs)) {
    const container = await look(engine, id);
    const { State, RestartCount } = container;
    restartsBefore ??= RestartCount;
    if (hasEnded(State) && State.ExitCode === 0) return;
    if (hasFailed(State) || RestartCount > restartsBefore) throw await exited(engine, name, container);
    const waitedMs = performance.now() - startedAt;
    const health = State.Health?.Status ?? "none";
    if (health === "healthy" || (health === "none" && State.Running && waitedMs >= settleMs)) return;
    const isLate = waitedMs > healthLimitMs(container.Config.Healthcheck);
    if (health === "unhealthy" || isLate) throw unhealthy(name, container, isLate);
    const leftMs = health === "none" ? Math.max(settleMs - waitedMs, firstLookMs) : waitMs;
    await pause(Math.min(waitMs, leftMs), signal);
  }
}

/** Waits for the end of a container that has something to do. @throws {YardError} internal, unless it ends with 0 in time */
export async function waitUntilCompleted(
  engine: Engine,
  id: string,
  name: string,
  { completionMs, signal }: Gate,
): Promise<void> {
  const startedAt = performance.now();
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * 1.5, longestLookMs)) {
    const container = await look(engine, id);
    if (hasFailed(container.State)) throw await exited(engine, name, container);
    if (hasEnded(container.State)) return;
    if (performance.now() - startedAt > completionMs) {
      throw new YardError("internal", `${name} has not ended within ${completionMs / 1_000} seconds.`);
    }
    await pause(waitMs, signal);
  }
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs);
  if (signal.aborted) throw interrupted(signal.reason);
}

function look(engine: Engine, id: string): Promise<Inspected> {
  return engine.call("look at a container", (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }));
}

function hasEnded({ Status }: Inspected["State"]): boolean {
  return Status === "exited" || Status === "dead";
}

function hasFailed(state: Inspected["State"]): boolean {
  return (hasEnded(state) || state.Restarting) && state.ExitCode !== 0;
}

async function exited(engine: Engine, name: string, container: Inspected): Promise<YardError> {
  const said = quote(await lastOutput(engine, container));
  return new YardError("internal", `${name} ended, with code ${container.State.ExitCode}${said}`);
}

function unhealthy(name: string, { State }: Inspected, isLate: boolean): YardError {
  const said = State.Health?.Log?.at(-1)?.Output ?? "";
  const what = isLate ? "did not become healthy in time" : "is unhealthy";
  return new YardError("internal", `${name} ${what}${quote(said)}`);
}

/** How long a container may take to become healthy: as long as its own healthcheck may take to tell. Engines count in nanoseconds. */
function healthLimitMs(check: Docker.HealthConfig | undefined): number {
  const { Interval, Retries, StartPeriod } = check ?? {};
  const probesMs = Interval && Retries ? (Interval / 1e6) * Retries : usualHealthMs;
  return (StartPeriod ?? 0) / 1e6 + probesMs + healthSlackMs;
}

/** What a container printed last; nothing, where that cannot be read. */
async function lastOutput(engine: Engine, { Id, Config }: Inspected): Promise<string> {
  try {
    const bytes = await engine.call("read what a container printed", (docker) =>
      docker.getContainer(Id).logs({ stdout: true, stderr: true, tail: outputLines, follow: false }),
    );
    return String(Config.Tty ? bytes : createDemultiplexer()(bytes));
  } catch {
    return "";
  }
}

function quote(said: string): string {
  const text = said.trim().slice(-500);
  return text === "" ? "." : `: ${text}`;
}
