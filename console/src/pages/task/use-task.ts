/** One task, kept up to date, in the words of lists. */
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { type Read, useRead } from "../../api/use-read.ts";
import { isOver, type TaskState } from "../tasks/task-row.ts";

export type Task = Reply<"GET /tasks/{uuid}">;

export function useTask(uuid: string): Read<Task> {
  return useRead(`task ${uuid}`, (signal) => call("GET /tasks/{uuid}", { path: { uuid } }, { signal }), {
    topics: ["tasks"],
  });
}

export function stateOf({ info: { state, result } }: Task): TaskState {
  if (result !== null) {
    if (state === "Cancelled") return "cancelled";
    return result.exit_status === 0 ? "succeeded" : "failed";
  }
  if (state === "Pending") return "pending";
  return state === "Ready" ? "queued" : "running"; // what its worker has reported and not committed still runs
}

export const hasEnded = (task: Task): boolean => isOver({ state: stateOf(task) });

const reasonTexts: Readonly<Record<NonNullable<NonNullable<Task["info"]["result"]>["msg"]>, string>> = {
  ExecTimeout: "it ran out of time",
  UserCancellation: "a user has cancelled it",
  FetchResourceTimeout: "its files did not come in time",
  ResourceNotFound: "a file that it needs is missing",
  ResourceForbidden: "a file that it needs is not for it",
  WatchTimeout: "what it waited for did not happen in time",
  UploadResultTimeout: "its result could not be left in time",
  SubmitNewTaskFailed: "the task that was to follow it was refused",
};

/** A death by a signal has an exit code as shells give it. */
const signalBase = 128;

/** How it has ended, in a few words; nothing while it has not. */
export function endText({ info: { result } }: Task): string | undefined {
  if (result === null) return undefined;
  if (result.msg !== null) return reasonTexts[result.msg];
  const code = result.exit_status;
  return code > signalBase ? `exit code ${code} (signal ${code - signalBase})` : `exit code ${code}`;
}
