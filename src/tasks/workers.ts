/** Workers: programs elsewhere that take tasks, run them and report. They own what they have taken until they commit it, or are lost. */
import type { YardError } from "../platform/errors.ts";
import type { OutputEnds } from "./live-outputs.ts";
import type { NewTask, Task, TaskCaller, TaskResult, TaskSpec, TeamRef, TeamRole } from "./task.ts";

/** What a team may do with a worker: `viewer` sees it, `member` and more are served by it, `admin` and more command it. */
export type WorkerTeams = ReadonlyMap<TeamRef["id"], TeamRole>;

export interface NewWorker {
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** The caller's personal team is added as `admin`. */
  readonly teams: WorkerTeams;
  /** Of its credential, in milliseconds. */
  readonly lifetimeMs: number;
  /** A worker that is not heard of for this long is lost. */
  readonly leaseMs: number;
}

export interface Worker {
  readonly uuid: string;
  readonly creator: { readonly userId: string; readonly username: string };
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly teams: WorkerTeams;
  /** `draining`: it gets no more tasks, and goes when it has none. */
  readonly state: "normal" | "draining";
  readonly taskUuids: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastHeardAt: number;
}

/** A worker that has shown its credential. */
export interface WorkerIdentity {
  readonly id: string;
  readonly uuid: string;
}

export interface ClaimedTask extends Pick<Task, "id" | "uuid" | "timeoutSeconds" | "upstreamUuid" | "attempts"> {
  readonly spec: TaskSpec;
}

export type Report =
  /** The command has ended by itself, or was kept from it. Repeatable. */
  | { readonly kind: "ended"; readonly state: "finished" | "cancelled" }
  /** Puts another task behind this one; it becomes ready with this one's commit. */
  | { readonly kind: "submit"; readonly task: NewTask }
  /** The task is over, and the worker free of it. */
  | { readonly kind: "commit"; readonly result: TaskResult }
  /** `ended` and `commit` in one. */
  | { readonly kind: "end"; readonly state: "finished" | "cancelled"; readonly result: TaskResult };

export interface WorkerFilter {
  readonly team: TeamRef;
  readonly roles?: readonly TeamRole[];
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  readonly creator?: string;
}

/** What a worker is to be told while it works. */
export interface WorkerNews {
  /** Tasks that it holds no longer: cancelled, or given to another. */
  readonly lost: readonly string[];
  /** Tasks that it holds, at whose output somebody looks, and of which it does not say that it sends that. */
  readonly watched: readonly string[];
  readonly isDraining: boolean;
}

export interface Workers {
  /** `credential` is shown this once. */
  register(
    caller: TaskCaller,
    worker: NewWorker,
  ): Promise<{ readonly worker: WorkerIdentity; readonly credential: string }>;
  /** At once for one that is remembered; a removed worker's is refused at once, on every replica within a second.
   *  @throws {YardError} unauthenticated */
  authenticate(credential: string): WorkerIdentity | Promise<WorkerIdentity>;
  /** It lives. A worker whose task runs far beyond its time is removed. */
  heartbeat(worker: WorkerIdentity): Promise<void>;
  /** Waits until there is something to tell of the tasks that the worker says it holds, `timeoutMs` at most. Counts as a heartbeat. */
  news(
    worker: WorkerIdentity,
    options: {
      readonly holds: readonly string[];
      /** Whose output it sends already; absent: it cannot send any. */
      readonly sends?: readonly string[];
      readonly timeoutMs: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<WorkerNews>;
  /** What one of its tasks has printed, for whoever looks at it. @returns whether anybody does */
  sendOutput(worker: WorkerIdentity, taskUuid: string, printed: Partial<OutputEnds>): Promise<boolean>;

  /** Up to `limit` tasks, which are the worker's from then on; none after `waitMs`. Work that arrives meanwhile wakes it. Counts as a heartbeat. */
  claim(
    worker: WorkerIdentity,
    options: { readonly limit: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly ClaimedTask[]>;
  /** @returns the downstream task, for `submit`
   *  @throws {YardError} not_found: the task is not (or no longer) the worker's; precondition: not yet ended; forbidden, invalid */
  report(worker: WorkerIdentity, taskId: number, report: Report): Promise<void>;
  /** Many in one commit; one result per report, in order: undefined, or what was wrong with it. */
  reportMany(
    worker: WorkerIdentity,
    reports: readonly { readonly taskId: number; readonly report: Report }[],
  ): Promise<readonly (YardError | undefined)[]>;
  /** The task that a worker holds. @throws {YardError} not_found */
  heldTask(worker: WorkerIdentity, task: { readonly id: number } | { readonly uuid: string }): Promise<Task>;
  /** Any task that the worker may look at: of the teams it serves. @throws {YardError} not_found */
  taskFor(worker: WorkerIdentity, uuid: string): Promise<Task>;
  /** It takes its leave; what it held is ready again. */
  unregister(worker: WorkerIdentity): Promise<void>;

  /** @throws {YardError} not_found, forbidden */
  get(caller: TaskCaller, uuid: string): Promise<Worker>;
  find(caller: TaskCaller, filter: WorkerFilter): Promise<readonly Worker[]>;
  count(caller: TaskCaller, filter: WorkerFilter): Promise<number>;
  setTags(caller: TaskCaller, uuid: string, tags: readonly string[]): Promise<void>;
  setLabels(caller: TaskCaller, uuid: string, labels: readonly string[]): Promise<void>;
  setTeams(caller: TaskCaller, uuid: string, teams: WorkerTeams): Promise<void>;
  removeTeams(caller: TaskCaller, uuid: string, teamIds: readonly string[]): Promise<void>;
  /** Removed at once with `force`, and its tasks are ready again; else as soon as it holds none. `byAdmin`: whatever the caller's teams.
   *  @throws {YardError} not_found, forbidden */
  shutDown(
    caller: TaskCaller,
    uuid: string,
    options: { readonly force: boolean; readonly byAdmin?: boolean },
  ): Promise<void>;
  shutDownMatching(caller: TaskCaller, filter: WorkerFilter, options: { readonly force: boolean }): Promise<number>;
  shutDownAll(
    caller: TaskCaller,
    uuids: readonly string[],
    options: { readonly force: boolean },
  ): Promise<{ readonly count: number; readonly failed: readonly string[] }>;
}
