/** What follows the end of a command: its state, its artifacts, the task that it wants to have done next, and the commit that frees the worker. */
import { open } from "node:fs/promises";
import { errnoOf, isYardError } from "../platform/errors.ts";
import type { Announcements } from "./announcements.ts";
import type { TaskDirectories } from "./directories.ts";
import type { Ended } from "./execute.ts";
import type { Reporter } from "./reporter.ts";
import type { StdLog } from "./std-log.ts";
import { artifactsOf, type UploadParts, uploadAll } from "./upload.ts";
import { asJson, type FetchedTask, type ResultMessage } from "./wire.ts";

export interface FinishParts extends UploadParts {
  readonly reporter: Reporter;
  leaveSlot(): void;
  announce(state: Parameters<Announcements["announce"]>[1]): void;
}

export interface Finishing {
  readonly task: FetchedTask;
  readonly directories: TaskDirectories;
  readonly output: StdLog | undefined;
  readonly ended: Ended;
  readonly signal: AbortSignal;
}

/** For packing and uploading all. */
const uploadMs = 600_000;
const largestTaskBytes = 1024 ** 2;

/** @throws {YardError} as `Reporter.report`; the reason of the signal */
export async function finishTask(parts: FinishParts, finishing: Finishing): Promise<void> {
  const { task, directories, output, ended } = finishing;
  const { reporter, announce } = parts;
  const state = ended.isLate ? "Cancelled" : "Finished";
  announce(ended.isLate ? "ExecTimeout" : "ExecFinished");
  const artifacts = artifactsOf(directories, output, parts);
  const next = await readNewTask(directories.newTask);
  announce("UploadResult");
  let message: ResultMessage | null = ended.isLate ? "ExecTimeout" : null;
  if (artifacts.length === 0 && next.kind === "none") {
    announce(ended.isLate ? "UploadCancelledResult" : "UploadFinishedResult");
    parts.leaveSlot();
    await reporter.end(task.id, state, { exit_status: ended.waitStatus, msg: message });
    announce("UploadResultFinished");
  } else {
    await reporter.report(task.id, ended.isLate ? "Cancel" : "Finish");
    announce(ended.isLate ? "UploadCancelledResult" : "UploadFinishedResult");
    const isUploaded = await uploadInTime(parts, finishing, artifacts);
    announce(isUploaded ? "UploadResultFinished" : "UploadResultTimeout");
    if (!isUploaded) message = "UploadResultTimeout";
    else if (!(await submitNext(parts, task.id, next))) message ??= "SubmitNewTaskFailed";
    await reporter.report(task.id, { Commit: { exit_status: ended.waitStatus, msg: message } });
  }
  announce("TaskCommitted");
}

/** @returns whether all that may go up is there */
async function uploadInTime(
  parts: FinishParts,
  { task, directories, signal }: Finishing,
  artifacts: Parameters<typeof uploadAll>[1]["artifacts"],
): Promise<boolean> {
  const late = AbortSignal.timeout(uploadMs);
  const either = AbortSignal.any([signal, late]);
  try {
    await uploadAll(parts, { taskId: task.id, artifacts, directory: directories.root, signal: either });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isYardError(error, "unauthenticated") || isYardError(error, "not_found")) throw error;
    parts.log.warn({ err: error, task: task.uuid }, "what a task has made could not be uploaded");
    return false;
  }
}

type NextTask =
  | { readonly kind: "none" }
  | { readonly kind: "broken" }
  | { readonly kind: "task"; readonly task: unknown };

/** What the command has left for the worker to submit. */
async function readNewTask(path: string): Promise<NextTask> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    if (size > largestTaskBytes) return { kind: "broken" };
    const text = await file.readFile("utf8");
    if (text.trim() === "") return { kind: "none" };
    const task = asJson(text);
    return typeof task === "object" && task !== null ? { kind: "task", task } : { kind: "broken" };
  } catch (error) {
    return { kind: errnoOf(error) === "ENOENT" ? "none" : "broken" };
  }
}

/** @returns false: it is not submitted */
async function submitNext({ reporter, log }: FinishParts, taskId: number, next: NextTask): Promise<boolean> {
  if (next.kind !== "task") return next.kind === "none";
  try {
    await reporter.report(taskId, { Submit: next.task });
    return true;
  } catch (error) {
    if (isYardError(error, "unauthenticated")) throw error;
    if (isYardError(error, "not_found")) return true; // the task is another's by now: its commit will tell
    log.warn({ err: error }, "the task that a task wanted to follow it is refused");
    return false;
  }
}
