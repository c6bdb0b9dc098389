/** One task, from its fetch to its commit.
 *
 *      resources ──▶ watch ──▶ command ──▶ uploads ──▶ commit
 *          └───────────┴── TaskFailed ──▶ cancelled, committed with the reason
 *
 *  Dropped (its signal is aborted): what runs is ended, nothing is reported. Whatever happens, nothing of it is left behind. */
import { setTimeout as delay } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { parseUnitDurationMs } from "../platform/unit-durations.ts";
import type { OutputKeeper } from "../sandboxes/output-keeper.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import type { Announcements } from "./announcements.ts";
import type { WorkerCalls } from "./coordinator.ts";
import type { DirectoryStock, TaskDirectories } from "./directories.ts";
import { TaskDropped, TaskFailed } from "./end.ts";
import type { ExecState } from "./exec-states.ts";
import { type Ended, execute } from "./execute.ts";
import { finishTask } from "./finish.ts";
import type { CoordinatorHttp } from "./http.ts";
import type { LiveOutput } from "./live-output.ts";
import type { Reporter } from "./reporter.ts";
import { fetchResources } from "./resources.ts";
import { openStdLog, type StdLog } from "./std-log.ts";
import { reaches } from "./watch.ts";
import type { FetchedTask } from "./wire.ts";

/** What all tasks of a worker share. */
export interface Workshop {
  readonly http: CoordinatorHttp;
  readonly sandbox: Sandbox;
  readonly keeper: OutputKeeper;
  readonly directories: DirectoryStock;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly followsLinks: boolean;
  /** Of each of a task's two outputs. */
  readonly maxOutputBytes: number;
  readonly log: Log;
}

export interface TaskParts extends Workshop {
  readonly calls: WorkerCalls;
  readonly reporter: Reporter;
  readonly announcements: Announcements;
  readonly live: LiveOutput;
  /** Another task may take its place: all that is left to do for this one is to report it. */
  leaveSlot(): void;
}

/** For bringing the resources and for waiting, together. */
const prepareMs = 1_800_000;
/** A full disk, or a host that is out of processes, may heal: so long nobody is told. */
const patienceMs = 60_000;
const tryAgainMs = 1_000;

/** @throws {YardError} unauthenticated: the worker is removed */
export async function runTask(parts: TaskParts, task: FetchedTask, signal: AbortSignal): Promise<void> {
  const timeoutMs = parseUnitDurationMs(task.timeout) ?? 0;
  const announce = (state: ExecState) => parts.announcements.announce(task.uuid, state, { timeoutMs });
  const log = parts.log.child({ task: task.uuid });
  try {
    await inDirectories({ ...parts, log }, { task, timeoutMs, announce, signal });
  } catch (error) {
    if (signal.aborted) dropped(signal.reason, announce, log);
    else if (isYardError(error, "unauthenticated")) throw error;
    else if (isYardError(error, "not_found")) log.info("the task is not this worker's any more");
    else await reportFailure({ ...parts, log }, task, asFailed(error), announce);
  }
}

interface Run {
  readonly task: FetchedTask;
  readonly timeoutMs: number;
  announce(state: ExecState): void;
  readonly signal: AbortSignal;
}

async function inDirectories(parts: TaskParts, run: Run): Promise<void> {
  run.announce("FetchResource");
  const directories = await patiently(parts, run.signal, () => parts.directories.take());
  try {
    await carryOut(parts, run, directories);
  } finally {
    await parts.directories
      .giveBack(directories)
      .catch((error) => parts.log.error({ err: error }, "a task has left something that cannot be deleted"));
  }
}

async function carryOut(parts: TaskParts, run: Run, directories: TaskDirectories): Promise<void> {
  const { task, timeoutMs, announce, signal } = run;
  await prepare(parts, run, directories);
  announce("ExecPending");
  using output = await patiently(parts, signal, async () => keepOutput(parts, task, directories));
  const processId = newId("run");
  const ended: Ended = await patiently(parts, signal, () =>
    execute(
      { ...parts, processId },
      { task, directories, timeoutMs, output: output?.log, signal, onSpawned: () => announce("ExecSpawned") },
    ),
  );
  await finishTask({ ...parts, announce }, { task, directories, output: output?.log, ended, signal });
}

async function prepare(parts: TaskParts, { task, announce, signal }: Run, directories: TaskDirectories): Promise<void> {
  const { resources = [], watch } = task.spec;
  if (resources.length === 0 && !watch) return;
  const late = AbortSignal.timeout(prepareMs);
  const either = AbortSignal.any([signal, late]);
  let isWatching = false;
  try {
    const request = { taskUuid: task.uuid, resources, directory: directories.resource, signal: either };
    await patiently(parts, either, () => fetchResources(parts, request));
    if (!watch) return;
    isWatching = true;
    announce("Watch");
    await reaches(parts, { taskUuid: watch[0], target: watch[1], signal: either });
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    throw isWatching
      ? new TaskFailed("WatchTimeout", "WatchTimeout", { cause: error })
      : new TaskFailed("FetchResourceTimeout", "FetchResourceTimeout", { cause: error });
  }
}

interface KeptOutput extends Disposable {
  readonly log: StdLog;
}

function keepOutput(parts: TaskParts, task: FetchedTask, { output }: TaskDirectories): KeptOutput | undefined {
  if (!task.spec.terminal_output) return undefined;
  const log = openStdLog({ directory: output, maxBytes: parts.maxOutputBytes, keeper: parts.keeper });
  const shown = parts.live.add(task.uuid, log);
  return {
    log,
    [Symbol.dispose]() {
      shown[Symbol.dispose]();
      log.remove();
    },
  };
}

/** @throws {TaskFailed} the host had no space, or could run nothing, for too long */
async function patiently<T>({ log }: TaskParts, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let failures = 0; ; failures++) {
    try {
      return await act();
    } catch (error) {
      if (!isYardError(error, "storage_full") && !isYardError(error, "unavailable")) throw error;
      if (failures === 0) log.warn({ err: error }, "this host cannot run the task now; it is tried again");
      if (performance.now() > deadline) {
        log.error({ err: error }, "this host cannot run the task; it is cancelled");
        throw new TaskFailed("FetchResourceTimeout", "FetchResourceError", { cause: error });
      }
      await delay(tryAgainMs, undefined, { signal });
    }
  }
}

function dropped(reason: unknown, announce: Run["announce"], log: Log): void {
  const why = reason instanceof TaskDropped ? reason.reason : "stopping";
  log.info({ why }, "the task is dropped");
  if (why !== "lost") announce("WorkerExited");
}

/** What nobody has foreseen must not keep the task, nor make it go round for ever. */
function asFailed(error: unknown): TaskFailed {
  if (error instanceof TaskFailed) return error;
  return new TaskFailed("FetchResourceTimeout", "FetchResourceError", { cause: error });
}

async function reportFailure(
  { reporter, log }: TaskParts,
  task: FetchedTask,
  failure: TaskFailed,
  announce: Run["announce"],
): Promise<void> {
  log.warn({ err: failure }, "the task cannot be run");
  try {
    await reporter.end(task.id, "Cancelled", { exit_status: 0, msg: failure.reason });
  } catch (error) {
    if (!isYardError(error, "not_found")) throw error;
  }
  announce(failure.state);
  announce("TaskCommitted");
}
