/** How far the run of a task has come, in the numbers that workers announce; and when a task that waits for another has waited long enough. */
import type { TaskInfo } from "./wire.ts";

export const execStates = {
  WorkerExited: -1,
  FetchResource: 1,
  FetchResourceFinished: 2,
  FetchResourceError: 3,
  FetchResourceTimeout: 4,
  FetchResourceNotFound: 5,
  FetchResourceForbidden: 6,
  Watch: 7,
  WatchFinished: 8,
  WatchTimeout: 9,
  ExecPending: 10,
  ExecSpawned: 11,
  ExecFinished: 12,
  ExecTimeout: 13,
  UploadResult: 14,
  UploadFinishedResult: 15,
  UploadCancelledResult: 16,
  UploadResultFinished: 17,
  UploadResultTimeout: 18,
  TaskCommitted: 19,
} as const;
export type ExecState = keyof typeof execStates;

/** From where on a state that is passed through counts as reached; all others only while the task is in them. */
const reachedBy: Partial<Record<ExecState, (state: number) => boolean>> = {
  FetchResource: (state) => state >= 1,
  FetchResourceFinished: (state) => state === 2 || state >= 7,
  Watch: (state) => state >= 7,
  WatchFinished: (state) => state === 8 || state >= 10,
  ExecPending: (state) => state >= 10,
  ExecSpawned: (state) => state >= 11,
  ExecFinished: (state) => state === 12 || state === 15,
  ExecTimeout: (state) => state === 13 || state === 16,
  UploadResult: (state) => state >= 14,
};

/** @param announced the number that the other task's worker has announced last */
export function isReached(target: ExecState, announced: number): boolean {
  if (announced < 1 || announced > execStates.TaskCommitted || target === "WorkerExited") return false;
  return reachedBy[target]?.(announced) ?? announced === execStates[target];
}

export function isExecState(name: string): name is ExecState {
  return Object.hasOwn(execStates, name);
}

/** What a run that went well has passed. */
const passed: readonly ExecState[] = [
  ...(["FetchResource", "FetchResourceFinished", "Watch", "WatchFinished"] as const),
  ...(["ExecPending", "ExecSpawned", "ExecFinished"] as const),
];

/** The same by what the coordinator knows, which is less. */
export function isReachedBy(target: ExecState, { state, result }: TaskInfo): boolean {
  switch (state) {
    case "Running":
      return target === "FetchResource";
    case "Finished": {
      const known: readonly ExecState[] = [...passed, "UploadResult", "UploadFinishedResult"];
      const atLast: readonly ExecState[] = result ? ["UploadResultFinished", "TaskCommitted"] : [];
      return [...known, ...atLast].includes(target);
    }
    case "Cancelled":
      return result?.msg ? reachedByCancelled(result.msg).includes(target) : false;
    default:
      return false;
  }
}

const stateOfMessage: Readonly<Record<string, ExecState>> = {
  FetchResourceTimeout: "FetchResourceTimeout",
  ExecTimeout: "ExecTimeout",
  UploadResultTimeout: "UploadResultTimeout",
  ResourceNotFound: "FetchResourceNotFound",
  ResourceForbidden: "FetchResourceForbidden",
  WatchTimeout: "WatchTimeout",
};

function reachedByCancelled(message: string): readonly ExecState[] {
  if (message === "UserCancellation") return ["TaskCommitted"];
  const uploaded: readonly ExecState[] = ["UploadResult", "UploadResultFinished", "TaskCommitted"];
  if (message === "SubmitNewTaskFailed") return [...passed, ...uploaded];
  const own = stateOfMessage[message];
  return [...uploaded, "UploadCancelledResult", ...(own ? [own] : [])];
}
