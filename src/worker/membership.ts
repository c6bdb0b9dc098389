/** A worker as a coordinator knows it: registered once, alive by its heartbeats, and working until it is to stop or is removed.
 *
 *  | it ends | when |
 *  | --- | --- |
 *  | `stopped` | it was told to stop here, and holds nothing any more |
 *  | `drained` | the coordinator wants it to end, and it holds nothing any more |
 *  | `removed` | the coordinator does not know it any more: what runs is dropped |
 *  | `uncertain` | a fetch broke off at a coordinator that would not notice: what it may have given is given back by a new registration |
 *
 *  A coordinator that shows by its first answer that it is ours gets long polls, is asked for as many tasks as there are free slots, and tells which
 *  tasks are lost. Any other is asked for one task at a time. */
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../platform/backoff.ts";
import { isYardError } from "../platform/errors.ts";
import type { Announcements } from "./announcements.ts";
import type { WorkerCalls } from "./coordinator.ts";
import { createLiveOutput, type LiveOutput } from "./live-output.ts";
import { createReporter } from "./reporter.ts";
import { createRuns, type Runs } from "./runs.ts";
import { hasSpace } from "./space.ts";
import { runTask, type Workshop } from "./task-run.ts";
import type { FetchedTask } from "./wire.ts";

export type MembershipEnd = "stopped" | "drained" | "removed" | "uncertain";

export interface MembershipParts {
  readonly workshop: Workshop;
  readonly calls: WorkerCalls;
  readonly announcements: Announcements;
  readonly isOurs: boolean;
  readonly slots: number;
  readonly times: WorkerTimes;
  /** No more tasks are fetched. */
  readonly stopping: AbortSignal;
  /** What runs is ended at once. */
  readonly killing: AbortSignal;
  /** The moment of a question that the coordinator has answered. */
  onHeard(askedAt: number): void;
  /** A task was taken. */
  onBegin(): void;
  /** And is no more here. */
  onEnd(): void;
}

export interface WorkerTimes {
  /** How long our own coordinator keeps a silent worker. */
  readonly leaseMs: number;
  /** Between heartbeats to others. */
  readonly heartbeatMs: number;
  /** Between questions for a task to others. */
  readonly pollMs: number;
}

/** A question for tasks is held for so long. */
const fetchWaitMs = 30_000;
/** A task that runs for so long is named to the coordinator at once, so that we hear of its loss. */
const settledMs = 500;
const noSpaceMs = 2_000;
const backoff = { baseMs: 500, maxMs: 30_000 };

/** @throws what is no affair of the connection: the coordinator's answers cannot be understood */
export async function serve(parts: MembershipParts): Promise<MembershipEnd> {
  const { stopping, killing, workshop } = parts;
  using over = createEnding(stopping);
  const reporting = new AbortController();
  const reporter = createReporter({ calls: parts.calls, isOurs: parts.isOurs, signal: reporting.signal });
  const live = createLiveOutput(parts.calls, workshop.log);
  const shared = { ...workshop, calls: parts.calls, reporter, announcements: parts.announcements, live };
  const runs = createRuns(parts.slots, async (task, signal, leaveSlot) => {
    parts.onBegin();
    try {
      // Others take a worker that fetches again before it has committed for one that has lost its task.
      await runTask({ ...shared, leaveSlot: parts.isOurs ? leaveSlot : () => {} }, task, signal);
    } catch (error) {
      if (isYardError(error, "unauthenticated")) over.end("removed");
      else workshop.log.error({ err: error, task: task.uuid }, "a task has failed in a way that was not foreseen");
    } finally {
      parts.onEnd();
    }
  });
  const kill = (): void => {
    runs.dropAll("stopping");
    reporting.abort(killing.reason);
  };
  killing.addEventListener("abort", kill, { once: true });
  const listening = guard(over, listen(parts, runs, live, over));
  await guard(over, parts.isOurs ? fetchMany(parts, runs, over) : fetchOneByOne(parts, runs, over));
  if (killing.aborted) kill();
  if (over.reason === "removed" || over.reason === "failed") {
    runs.dropAll("removed");
    reporting.abort(new Error("the worker is removed"));
  }
  await runs.ended();
  over.finish();
  await listening;
  killing.removeEventListener("abort", kill);
  if (over.reason === "failed") throw over.error;
  return over.reason ?? "stopped";
}

/** Why a membership ends. The first reason counts, except that a removal outdoes a stop. */
interface Ending extends Disposable {
  readonly reason: MembershipEnd | "failed" | undefined;
  readonly error: unknown;
  /** Aborted when nothing is to be fetched any more. */
  readonly fetching: AbortSignal;
  /** Aborted when nobody has to listen any more. */
  readonly listening: AbortSignal;
  end(reason: MembershipEnd): void;
  fail(error: unknown): void;
  finish(): void;
}

function createEnding(stopping: AbortSignal): Ending {
  const fetching = new AbortController();
  const listening = new AbortController();
  let reason: Ending["reason"];
  let failure: unknown;
  const end = (why: NonNullable<Ending["reason"]>): void => {
    if (reason === undefined || why === "removed" || why === "failed") reason = why;
    fetching.abort(new Error(`the worker is to fetch no more: ${why}`));
    if (why === "removed" || why === "failed") listening.abort(fetching.signal.reason);
  };
  const stop = (): void => end("stopped");
  stopping.addEventListener("abort", stop, { once: true });
  if (stopping.aborted) stop();
  return {
    get reason() {
      return reason;
    },
    get error() {
      return failure;
    },
    fetching: fetching.signal,
    listening: listening.signal,
    end,
    fail(error) {
      failure ??= error;
      end("failed");
    },
    finish: () => listening.abort(new Error("the worker has ended")),
    [Symbol.dispose]: () => stopping.removeEventListener("abort", stop),
  };
}

/** What a loop ends with is why the membership ends, unless it was told to end. */
async function guard(over: Ending, loop: Promise<void>): Promise<void> {
  try {
    await loop;
  } catch (error) {
    if (isYardError(error, "unauthenticated")) over.end("removed");
    else if (!over.listening.aborted && !over.fetching.aborted) over.fail(error);
  }
}

function listen(parts: MembershipParts, runs: Runs, live: LiveOutput, over: Ending): Promise<void> {
  return parts.isOurs ? hearNews(parts, runs, live, over) : beat(parts, over);
}

/** Held by the coordinator until there is something to tell. It is asked anew when it does not know of a task that is here to stay, or believes that the output of
 *  one is sent which is not any more. */
async function hearNews(
  { calls, times, onHeard }: MembershipParts,
  runs: Runs,
  live: LiveOutput,
  over: Ending,
): Promise<void> {
  // A worker that is frozen is lost when its lease is over, counted from the last question that was held for it.
  const waitMs = Math.max(1_000, Math.floor(times.leaseMs / 3));
  while (!over.listening.aborted) {
    const [holds, sends] = [runs.uuids(), live.sending()];
    const hasStopped = () => sends.some((uuid) => !live.sending().includes(uuid));
    const stale = new AbortController();
    const look = setInterval(() => {
      if (runs.hasOlderThan(settledMs, holds) || hasStopped()) stale.abort(new Error("there is more to tell"));
    }, settledMs).unref();
    const askedAt = now();
    try {
      const signal = AbortSignal.any([over.listening, stale.signal]);
      const { lost, watched = [], draining } = await calls.news({ holds, sends, waitMs, signal });
      onHeard(askedAt);
      for (const uuid of lost) runs.drop(uuid, "lost");
      live.begin(watched);
      if (draining) over.end("drained");
      // It answers at once as long as it has that to tell.
      const isRepeated = watched.some((uuid) => !live.sending().includes(uuid));
      if (draining || lost.length > 0 || isRepeated) await delay(settledMs, undefined, { signal: over.listening });
    } catch (error) {
      if (!stale.signal.aborted || over.listening.aborted) throw error;
    } finally {
      clearInterval(look);
    }
  }
}

async function beat({ calls, times, onHeard }: MembershipParts, over: Ending): Promise<void> {
  for (;;) {
    await delay(times.heartbeatMs, undefined, { signal: over.listening });
    const askedAt = now();
    await calls.heartbeat(over.listening);
    onHeard(askedAt);
  }
}

async function fetchMany(parts: MembershipParts, runs: Runs, over: Ending): Promise<void> {
  const { calls, onHeard } = parts;
  const signal = over.fetching;
  while (!signal.aborted) {
    await roomFor(parts, runs, signal);
    if (signal.aborted) return;
    const askedAt = now();
    const tasks = await calls.fetchMany({ limit: runs.room, waitMs: fetchWaitMs, signal });
    onHeard(askedAt);
    for (const task of tasks) runs.start(task);
  }
}

async function fetchOneByOne(parts: MembershipParts, runs: Runs, over: Ending): Promise<void> {
  const signal = over.fetching;
  while (!signal.aborted) {
    await roomFor(parts, runs, signal);
    if (signal.aborted) return;
    const task = await fetchOne(parts, over);
    if (task) runs.start(task);
    else if (!signal.aborted) await delay(parts.times.pollMs, undefined, { signal });
  }
}

/** As long as nothing was sent it is tried again. */
async function fetchOne({ calls, workshop, onHeard }: MembershipParts, over: Ending): Promise<FetchedTask | undefined> {
  const signal = over.fetching;
  for (let failures = 0; ; ) {
    const askedAt = now();
    try {
      const task = await calls.fetch(signal);
      onHeard(askedAt);
      return task;
    } catch (error) {
      signal.throwIfAborted();
      if (isYardError(error, "interrupted") || isYardError(error, "timeout")) {
        workshop.log.warn({ err: error }, "nobody knows whether a task was given to this worker: it registers anew");
        over.end("uncertain");
        return undefined;
      }
      const isPassing =
        isYardError(error, "unavailable") || isYardError(error, "too_many") || isYardError(error, "internal");
      if (!isPassing) throw error;
      if (failures++ === 0) workshop.log.warn({ err: error }, "the coordinator gives no tasks now; it is asked again");
      await delay(Math.max(200, backoffMs(failures, backoff)), undefined, { signal });
    }
  }
}

/** Resolves when a slot is free, and the disk has space for what a task makes. */
async function roomFor({ workshop }: MembershipParts, runs: Runs, signal: AbortSignal): Promise<void> {
  while (runs.room <= 0 && !signal.aborted) await runs.changed(signal);
  for (let looks = 0; !signal.aborted && !(await hasSpace(workshop.directories.parent)); looks++) {
    if (looks === 0)
      workshop.log.error(
        { path: workshop.directories.parent },
        "the disk is full: no task is fetched until there is space",
      );
    await delay(noSpaceMs, undefined, { signal });
  }
}

/** Wall time: it also passes while the machine sleeps. */
function now(): number {
  return Date.now();
}
