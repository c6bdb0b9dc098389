/** What a task is: a command with what it needs, queued for a worker, and what became of it. */

export type TeamRole = "owner" | "admin" | "member" | "viewer";

export interface TeamRef {
  readonly id: string;
  readonly name: string;
}

/** Who asks. What they may do at all was decided before; what they may do with a team's tasks and workers, their role in it decides. */
export interface TaskCaller {
  readonly userId: string;
  readonly username: string;
  /** By the id of the team. */
  readonly teams: ReadonlyMap<string, TeamRole>;
}

/** `pending`: it waits for the end of the task that submitted it. `ready`: it waits for a worker. `finished` and `cancelled` are also the states of
 *  a task whose worker has reported its end but not yet committed it: only a task with a result is over. */
export const taskStates = ["pending", "ready", "running", "finished", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

export const artifactKinds = ["result", "exec-log", "std-log"] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

/** The steps of a task's run that another task may wait for. Only workers know them. */
export const runPhases = [
  "worker-exited",
  "fetch-resource",
  "fetch-resource-finished",
  "fetch-resource-error",
  "fetch-resource-timeout",
  "fetch-resource-not-found",
  "fetch-resource-forbidden",
  "watch",
  "watch-finished",
  "watch-timeout",
  "exec-pending",
  "exec-spawned",
  "exec-finished",
  "exec-timeout",
  "upload-result",
  "upload-finished-result",
  "upload-cancelled-result",
  "upload-result-finished",
  "upload-result-timeout",
  "task-committed",
  "unknown",
] as const;
export type RunPhase = (typeof runPhases)[number];

/** A file that the worker brings before the command starts. */
export interface Resource {
  readonly from:
    | { readonly kind: "artifact"; readonly taskUuid: string; readonly artifact: ArtifactKind }
    | { readonly kind: "attachment"; readonly key: string };
  /** Below the task's directory of resources. */
  readonly path: string;
}

export interface TaskSpec {
  /** Program and arguments; no shell unless they name one. May be empty. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly resources: readonly Resource[];
  /** Standard output and error become an artifact. */
  readonly keepsOutput: boolean;
  /** The worker lets the command wait until another task has come that far. */
  readonly watch: { readonly taskUuid: string; readonly phase: RunPhase } | null;
}

export interface NewTask {
  readonly team: TeamRef;
  /** A worker must have all of them. */
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** Of the command's run, in whole seconds. */
  readonly timeoutSeconds: number;
  /** 32 bits, signed; the larger goes first, among equals the older. */
  readonly priority: number;
  readonly spec: TaskSpec;
}

export interface SubmittedTask {
  readonly uuid: string;
  /** Counts the tasks of its team, from 1. */
  readonly number: number;
}

export const resultReasons = [
  "fetch-resource-timeout",
  "exec-timeout",
  "upload-result-timeout",
  "resource-not-found",
  "resource-forbidden",
  "watch-timeout",
  "user-cancellation",
  "submit-new-task-failed",
] as const;
export type ResultReason = (typeof resultReasons)[number];

export interface TaskResult {
  /** As `waitpid` gives it: exit code n is n × 256, death by signal s is s. */
  readonly waitStatus: number;
  /** Why it did not run to its end; null: it did. */
  readonly reason: ResultReason | null;
}

export interface Task extends NewTask, SubmittedTask {
  /** The one that workers report by; never shown to users. */
  readonly id: number;
  readonly creator: { readonly userId: string; readonly username: string };
  readonly state: TaskState;
  /** How often a worker has got it. */
  readonly attempts: number;
  /** The worker that has it now. */
  readonly workerUuid: string | null;
  /** The worker that ended it. */
  readonly reporterUuid: string | null;
  readonly result: TaskResult | null;
  /** The task whose run submitted this one, and the one that this one's run has submitted. */
  readonly upstreamUuid: string | null;
  readonly downstreamUuid: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** All that is given must hold. */
export interface TaskFilter {
  readonly team: TeamRef;
  /** Any of. */
  readonly creators?: readonly string[];
  readonly states?: readonly TaskState[];
  /** All of. */
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  /** Matches only tasks that have a result. */
  readonly waitStatus?: { readonly is: Comparison; readonly value: number };
  readonly priority?: { readonly is: Comparison; readonly value: number };
  readonly reporterUuid?: string;
}

export interface Page {
  readonly offset?: number;
  readonly limit?: number;
}

/** At least one is given. */
export type TaskChanges = Partial<Pick<NewTask, "tags" | "timeoutSeconds" | "priority" | "spec">>;
