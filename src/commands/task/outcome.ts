/** How a task has ended, in words. */
import { inert } from "../../client/inert.ts";

export interface Outcome {
  readonly exitCode?: number;
  readonly reason?: string;
}

const words: Readonly<Record<string, string>> = {
  FetchResourceTimeout: "its resources did not arrive in time",
  ExecTimeout: "it ran out of time",
  UploadResultTimeout: "what it left could not be sent in time",
  ResourceNotFound: "one of its resources is not there",
  ResourceForbidden: "one of its resources may not be read",
  WatchTimeout: "the task that it waited for did not come so far in time",
  UserCancellation: "it was cancelled",
  SubmitNewTaskFailed: "the task that it submitted was refused",
};

/** `it exited with 3`, `it ran out of time`. */
export function outcomeText({ exitCode, reason }: Outcome): string {
  const exit = exitCode === undefined ? undefined : `it exited with ${exitCode}`;
  const why = reason === undefined ? undefined : (words[reason] ?? inert(reason));
  return [why, exit].filter((part) => part !== undefined).join("; ") || "the yard gives no reason";
}
