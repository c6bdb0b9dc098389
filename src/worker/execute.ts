/** Runs the command of a task, and tells how it ended. */
import { constants } from "node:os";
import { isYardError, YardError } from "../platform/errors.ts";
import { after } from "../platform/timers.ts";
import type { Exit, Process, Sandbox } from "../sandboxes/sandbox.ts";
import type { TaskDirectories } from "./directories.ts";
import { TaskDropped } from "./end.ts";
import type { StdLog } from "./std-log.ts";
import type { FetchedTask } from "./wire.ts";

export interface ExecuteParts {
  readonly sandbox: Sandbox;
  /** Unlike that of any other run, also of the same task. */
  readonly processId: string;
  readonly cwd: string;
  /** What every command gets. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Execution {
  readonly task: FetchedTask;
  readonly directories: TaskDirectories;
  readonly timeoutMs: number;
  /** Undefined: what it prints is not kept. */
  readonly output: StdLog | undefined;
  /** Aborted when the task is dropped: what runs is ended. */
  readonly signal: AbortSignal;
  readonly onSpawned: () => void;
}

export interface Ended {
  readonly waitStatus: number;
  readonly isLate: boolean;
}

/** Between SIGTERM and SIGKILL. */
const graceMs = 10_000;
/** For one whose result nobody wants any more. Where the worker itself is to end, there is no time for that. */
const lostGraceMs = 2_000;
/** What a command prints that nobody keeps is discarded soon. */
const unkeptBytes = 64 * 1024;
/** As shells have it for what cannot be executed. */
const cannotExecute = 126;

/** @throws {YardError} storage_full, unavailable: the host cannot run anything now; the reason of the signal */
export async function execute(parts: ExecuteParts, execution: Execution): Promise<Ended> {
  const { signal, timeoutMs } = execution;
  signal.throwIfAborted();
  const process = await start(parts, execution);
  if (process === undefined) return { waitStatus: cannotExecute << 8, isLate: false };
  execution.onSpawned();
  let isLate = false;
  const drop = () => void process.stop({ graceMs: isLost(signal) ? lostGraceMs : 0 });
  signal.addEventListener("abort", drop);
  if (signal.aborted) drop();
  using _limit = after(timeoutMs, () => {
    isLate = true;
    void process.stop({ graceMs });
  });
  try {
    const exit = await process.exited;
    execution.output?.end();
    signal.throwIfAborted();
    return { waitStatus: waitStatusOf(exit), isLate };
  } finally {
    signal.removeEventListener("abort", drop);
    await parts.sandbox.forget(parts.processId);
  }
}

function isLost({ reason }: AbortSignal): boolean {
  return reason instanceof TaskDropped && reason.reason === "lost";
}

/** What stands before a program's name for `env`: variables, and options of its own. */
const forEnv = /^-|=/;

/** By `env`, unless there is nothing to do for it: it is another program to load, as long as all that `true` takes. What cannot be started so is left to it, to be told why.
 *  Undefined: no host could execute it, its arguments are too long. */
async function start(parts: ExecuteParts, execution: Execution): Promise<Process | undefined> {
  const { args } = execution.task.spec;
  const plain = forEnv.test(args[0] ?? "-") ? undefined : await startCommand(parts, execution, args);
  return plain ?? (await startCommand(parts, execution, ["/usr/bin/env", ...args]));
}

async function startCommand(
  parts: ExecuteParts,
  { task, directories, output }: Execution,
  argv: readonly string[],
): Promise<Process | undefined> {
  try {
    return await parts.sandbox.exec({
      id: parts.processId,
      argv: output ? output.capture(argv) : argv,
      cwd: parts.cwd,
      env: { ...parts.environment, ...task.spec.envs, ...variables(task, directories) },
      maxOutputBytes: unkeptBytes,
    });
  } catch (error) {
    if (isYardError(error, "invalid")) return undefined;
    throw error;
  }
}

function variables(task: FetchedTask, directories: TaskDirectories): Record<string, string> {
  const upstream = task.upstream_task_uuid;
  return {
    MITO_RESULT_DIR: directories.result,
    MITO_EXEC_DIR: directories.exec,
    MITO_RESOURCE_DIR: directories.resource,
    MITO_TASK_UUID: task.uuid,
    MITO_NEW_TASK: directories.newTask,
    ...(upstream && { MITO_UPSTREAM_TASK_UUID: upstream }),
  };
}

/** As waitpid gives it. @throws {YardError} interrupted: nobody knows how it ended */
export function waitStatusOf({ code, signal }: Exit): number {
  if (code !== null) return code << 8;
  if (signal === null) throw new YardError("interrupted", "Nobody has seen how the command ended.");
  const known = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return known ?? Number(signal.replace(/^SIG/, ""));
}
