/** The runs of one unit: the current one, older ones that still live beside it, and ended ones whose output is kept.
 *
 *    start ──▶ running ──its process ends, or could not be started──▶ ended ──more than keepRuns newer ones──▶ forgotten
 *
 *  Each run is recorded before it is started. */
import { randomBytes } from "node:crypto";
import { isYardError, YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { ContainerPrograms } from "../sandboxes/container/programs.ts";
import type { LocalSandbox, Process } from "../sandboxes/sandbox.ts";
import type { RunStatus, StopCause, UnitContainer, UnitSpec } from "./protocol.ts";
import { hasEnded } from "./restart.ts";
import type { Time } from "./time.ts";
import { inMemory, type UnitCell } from "./unit-cell.ts";
import type { UnitEntry, UnitState } from "./unit-records.ts";

export interface UnitRuns {
  /** The newest run lives, or is about to. */
  readonly currentLives: boolean;
  /** The current one, or an older one that lives on. */
  readonly anyLives: boolean;
  /** The process of a run that is kept; the newest by default. @throws {YardError} not_found */
  process(runId: string | undefined): Promise<Process>;
  /** @param changes of the state, recorded in the same entry
   *  @throws {YardError} storage_full; a start that fails otherwise is a run that has ended */
  start(changes: Partial<UnitState>): Promise<void>;
  /** Makes way for the next run: what lives is killed, or goes on beside it for `overlapMs`. */
  makeWay(): Promise<void>;
  endAll(options: { graceMs: number; cause: StopCause }): Promise<void>;
  /** Also in the middle of an end that grants more time. */
  killAll(): void;
  /** Ends and forgets all of them. */
  forgetAll(): Promise<void>;
  /** Takes up those that had not ended when an earlier agent died. */
  recover(): Promise<void>;
  /** Its timers end; what runs goes on. */
  release(): void;
}

export interface UnitRunsParts {
  readonly cell: UnitCell;
  readonly time: Time;
  /** @throws {YardError} not_found */
  readonly sandbox: (id: string) => Promise<LocalSandbox>;
  readonly containers: ContainerPrograms;
  /** Before an act. @throws {YardError} storage_full */
  readonly intend: (entry: UnitEntry) => void;
  /** What the end of the newest run means for the next start; recorded in the same entry. */
  readonly planAfter: (run: RunStatus) => Partial<UnitState>;
  readonly onEnded: () => void;
}

/** So many older runs may live beside the newest, however long `overlapMs` is: a host is not filled up by a schedule. */
const mostLivingOn = 16;

interface Living {
  /** Absent while the container that it is to run in is being made. */
  readonly process?: Process;
  readonly timers: DisposableStack;
  stop(options: { graceMs: number }): Promise<unknown>;
}

export function createUnitRuns(parts: UnitRunsParts): UnitRuns {
  const { cell, time } = parts;
  const living = new Map<string, Living>();
  let isGone = false;

  const newest = (): RunStatus | undefined => cell.record.state.runs[0];

  async function execute(run: RunStatus): Promise<void> {
    const { spec } = cell.record;
    if (spec.container) return executeInContainer(run, spec, spec.container);
    try {
      const sandbox = await parts.sandbox(spec.sandbox);
      follow(await sandbox.exec({ ...spec.process, id: run.id, env: environmentOf(spec, run) }), run);
    } catch (error) {
      ended(run.id, { startError: startErrorOf(error) });
    }
  }

  /** Nobody waits for it: its image may take minutes to be fetched. */
  function executeInContainer(run: RunStatus, spec: UnitSpec, container: UnitContainer): void {
    const givenUp = new AbortController();
    const started = startInContainer(run, spec, container, givenUp.signal).then(
      (process) => follow(process, run),
      (error) => ended(run.id, { startError: startErrorOf(error) }),
    );
    const stop = async (options: { graceMs: number }) => {
      givenUp.abort();
      await started;
      await living.get(run.id)?.process?.stop(options);
    };
    living.set(run.id, { timers: new DisposableStack(), stop });
  }

  async function startInContainer(
    run: RunStatus,
    spec: UnitSpec,
    container: UnitContainer,
    signal: AbortSignal,
  ): Promise<Process> {
    const { limits, ...program } = spec.process;
    const { sandbox, name, complete } = await parts.containers.create({ ...container, id: run.id, limits }, { signal });
    try {
      if (signal.aborted) throw new YardError("interrupted", "It was stopped before it had started.");
      cell.set({ runs: cell.withRun(run.id, { container: name }) });
      return await sandbox.exec({ ...program, ...complete(program), id: run.id, env: environmentOf(spec, run) });
    } catch (error) {
      await sandbox.destroy().catch(() => {}); // the driver knows of it, and removes it with the run
      throw error;
    }
  }

  function follow(process: Process, run: RunStatus): void {
    living.set(run.id, { process, timers: new DisposableStack(), stop: (options) => process.stop(options) });
    cell.set({ runs: cell.withRun(run.id, { pid: process.pid }) }, inMemory); // the driver has recorded it
    const { timeoutMs } = cell.record.spec;
    if (timeoutMs !== undefined) endAfter(run.id, run.startedAt + timeoutMs - time.now(), "timeout");
    void process.exited.then((exit) => {
      if (isBoxed(run.id)) void stopContainer(run.id);
      ended(run.id, { exit });
    });
  }

  /** Nothing else runs in it once its program has ended; what that has printed stays as long as the run does. */
  async function stopContainer(runId: string): Promise<void> {
    const sandbox = await parts.sandbox(runId).catch(() => undefined);
    await sandbox?.stop?.({ graceMs: 0 }).catch(() => {}); // it goes with the run
  }

  /** It has a container to itself, or is about to: also where the definition has changed since. */
  function isBoxed(runId: string): boolean {
    const { spec, state } = cell.record;
    return spec.container !== undefined || state.runs.find(({ id }) => id === runId)?.container !== undefined;
  }

  const sandboxOf = ({ id }: RunStatus): Promise<LocalSandbox> =>
    parts.sandbox(isBoxed(id) ? id : cell.record.spec.sandbox);

  function endAfter(runId: string, delayMs: number, cause: StopCause): void {
    living.get(runId)?.timers.use(time.after(delayMs, () => void end(runId, { graceMs: 0, cause })));
  }

  async function end(runId: string, { graceMs, cause }: { graceMs: number; cause: StopCause }): Promise<void> {
    const one = living.get(runId);
    if (!one) return;
    one.timers.dispose();
    cell.set({ runs: cell.withRun(runId, { stopCause: cause }) });
    await one.stop({ graceMs });
  }

  function ended(runId: string, how: Pick<RunStatus, "exit" | "startError">): void {
    living.get(runId)?.timers.dispose();
    living.delete(runId);
    const { runs, lastEnded } = cell.record.state;
    const index = runs.findIndex((run) => run.id === runId);
    const known = runs[index];
    if (isGone || !known) return;
    const run = { ...known, ...how };
    const lastIndex = runs.findIndex(({ id }) => id === lastEnded?.id);
    const message = errorOf(run);
    cell.set({
      runs: cell.withRun(runId, how),
      ...((lastIndex === -1 || index <= lastIndex) && { lastEnded: run }),
      ...(index === 0 && parts.planAfter(run)),
      ...(message && { lastError: { at: time.now(), message } }),
    });
    if (index > 0) forgetOld().catch(() => {}); // they stay in the list, and go when the next run starts
    parts.onEnded();
  }

  async function forgetOld(): Promise<void> {
    const { runs } = cell.record.state;
    const { keepRuns } = cell.record.spec;
    const isKept = (run: RunStatus, index: number) => index <= keepRuns || !hasEnded(run);
    if (runs.every(isKept)) return;
    const old = runs.filter((run, index) => !isKept(run, index));
    await forget(old);
    const ids = new Set(old.map(({ id }) => id));
    cell.set({ runs: cell.record.state.runs.filter(({ id }) => !ids.has(id)) });
  }

  async function forget(runs: readonly RunStatus[]): Promise<void> {
    for (const run of runs) {
      const sandbox = await sandboxOf(run).catch(() => undefined); // gone with all its outputs
      await (isBoxed(run.id) ? sandbox?.destroy() : sandbox?.forget(run.id));
    }
  }

  async function recoverOne(run: RunStatus, newer: RunStatus | undefined): Promise<void> {
    const sandbox = await sandboxOf(run).catch(() => undefined);
    const process = (await sandbox?.processes())?.find((one) => one.id === run.id);
    if (process) follow(process, run);
    // The driver records before it starts: what it does not know was never started.
    else if (!newer) await execute(run);
    else ended(run.id, { exit: { code: null, signal: null, at: time.now() } });
    const { overlapMs = 0 } = cell.record.spec;
    if (newer) endAfter(run.id, newer.startedAt + overlapMs - time.now(), "superseded");
  }

  return {
    get currentLives() {
      return living.has(newest()?.id ?? "");
    },
    get anyLives() {
      return living.size > 0;
    },
    async process(runId = newest()?.id) {
      const { spec, state } = cell.record;
      const run = state.runs.find((one) => one.id === runId);
      if (!run) throw new YardError("not_found", `Unit ${spec.id} has no run ${runId ?? "yet"}.`);
      const lives = living.get(run.id)?.process;
      if (lives) return lives;
      const sandbox = await sandboxOf(run).catch(() => undefined);
      const process = (await sandbox?.processes())?.find((one) => one.id === run.id);
      if (!process) throw new YardError("not_found", `The output of run ${run.id} is not there.`);
      return process;
    },
    async start(changes) {
      const startedAt = time.now();
      const isSecret = Object.values(cell.record.spec.envPerStart ?? {}).includes("secret");
      const secret = isSecret ? randomBytes(32).toString("base64url") : undefined;
      const run: RunStatus = { id: newId("run", startedAt), startedAt, secret };
      const { runs, starts } = cell.record.state;
      cell.set({ ...changes, runs: [run, ...runs], starts: starts + 1 }, parts.intend);
      await execute(run);
      await forgetOld().catch(() => {}); // an engine may be away: they stay in the list, and go when the next run starts
    },
    async makeWay() {
      const { overlapMs = 0 } = cell.record.spec;
      const lives = cell.record.state.runs.filter(({ id }) => living.has(id));
      const current = newest();
      if (overlapMs > 0 && current) endAfter(current.id, overlapMs, "superseded");
      const over = overlapMs > 0 ? lives.slice(mostLivingOn) : lives;
      await Promise.all(over.map(({ id }) => end(id, { graceMs: 0, cause: "superseded" })));
    },
    async endAll(options) {
      await Promise.all([...living.keys()].map((runId) => end(runId, options)));
    },
    killAll() {
      for (const one of living.values()) void one.stop({ graceMs: 0 });
    },
    async forgetAll() {
      isGone = true;
      for (const { timers } of living.values()) timers.dispose();
      await forget(cell.record.state.runs);
    },
    async recover() {
      const { runs } = cell.record.state;
      for (const [index, run] of runs.entries()) if (!hasEnded(run)) await recoverOne(run, runs[index - 1]);
    },
    release() {
      isGone = true; // what ends from now on is the next agent's to find out
      for (const { timers } of living.values()) timers.dispose();
    },
  };
}

/** The definition's variables, and those that are new with each run. */
export function environmentOf({ process, envPerStart = {} }: UnitSpec, run: RunStatus | undefined) {
  const env: Record<string, string> = { ...process.env };
  if (!run) return env;
  for (const [name, kind] of Object.entries(envPerStart)) {
    env[name] = kind === "secret" ? (run.secret ?? "") : `${Math.floor(run.startedAt / 1_000)}`;
  }
  return env;
}

function startErrorOf(error: unknown): RunStatus["startError"] {
  const known = isYardError(error) ? error : new YardError("internal", `The start failed: ${String(error)}`);
  const { code, message, field } = known;
  return { code, message, field };
}

function errorOf({ exit, startError }: RunStatus): string | undefined {
  if (startError) return startError.message;
  if (exit?.outOfMemory) return "It reached its memory limit, and the kernel killed it.";
  return undefined;
}
