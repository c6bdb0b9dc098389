/** A task in lists, and how well it does. */
import type { Reply } from "../../api/operations.ts";
import type { Tone } from "../../components/status.tsx";

export type TaskRow = Reply<"GET /yard/v1/tasks">["items"][number];
export type TaskState = TaskRow["state"];

export const taskStates: readonly TaskState[] = ["pending", "queued", "running", "succeeded", "failed", "cancelled"];

export const toneOf: Readonly<Record<TaskState, Tone>> = {
  pending: "info",
  queued: "info",
  running: "good",
  succeeded: "calm",
  failed: "bad",
  cancelled: "warn",
};

export const isOver = ({ state }: Pick<TaskRow, "state">): boolean =>
  state === "succeeded" || state === "failed" || state === "cancelled";

/** How it has ended, in a few words; nothing while it has not. */
export function endText({ exitCode, signal, reason, state }: TaskRow): string | undefined {
  if (!isOver({ state })) return undefined;
  const how = signal === null ? `code ${exitCode}` : `signal ${signal}`;
  return reason === null ? how : (reasonTexts[reason] ?? reason);
}

const reasonTexts: Readonly<Record<string, string>> = {
  "exec-timeout": "ran out of time",
  "user-cancellation": "cancelled by a user",
  "fetch-resource-timeout": "its files did not come in time",
  "resource-not-found": "a file it needs is missing",
  "resource-forbidden": "a file it needs is not for it",
  "watch-timeout": "what it waited for did not happen",
  "upload-result-timeout": "its result could not be left in time",
  "submit-new-task-failed": "the task that was to follow was refused",
};
