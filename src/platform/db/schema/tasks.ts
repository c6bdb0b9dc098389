/** The queue and its workers. */
import type { Generated } from "kysely";

export interface TaskTables {
  tasks: TaskRow;
  ended_tasks: EndedTaskRow;
  task_labels: TaskLabelRow;
  task_queues: TaskQueueRow;
  task_queue_tags: TaskQueueTagRow;
  task_counters: TaskCounterRow;
  task_submissions: TaskSubmissionRow;
  task_workers: TaskWorkerRow;
  task_worker_teams: TaskWorkerTeamRow;
  live_outputs: LiveOutputRow;
}

/** What tasks that are over have in common with those that are not. Ids grow with age; one is never given twice. */
interface AnyTaskRow {
  uuid: string;
  team_id: string;
  /** Counts the tasks of the team. */
  number: number;
  creator_id: string;
  creator_name: string;
  /** Names the tags. */
  queue_id: number;
  priority: number;
  timeout_seconds: number;
  spec: string;
  /** JSON array; the same as in `task_labels`. */
  labels: string;
  attempts: number;
  upstream_uuid: string | null;
  downstream_uuid: string | null;
  created_at: number;
  updated_at: number;
}

/** A task that is not over. The table stays small and its rows change several times; so its indexes are few. */
export interface TaskRow extends AnyTaskRow {
  id: Generated<number>;
  state: "pending" | "ready" | "running" | "finished" | "cancelled";
  /** The worker that holds it: of `running` and, until it has committed, of `finished` and `cancelled`. */
  worker_uuid: string | null;
}

/** A task that is over: moved here from `tasks` in the transaction that ends it, with its id. */
export interface EndedTaskRow extends AnyTaskRow {
  id: number;
  state: "finished" | "cancelled";
  wait_status: number;
  reason: string | null;
  /** The worker that has ended it; null: a user has. */
  reporter_uuid: string | null;
}

/** Of all tasks, to find them by. */
export interface TaskLabelRow {
  team_id: string;
  label: string;
  task_id: number;
}

/** The tasks of one team that ask for the same tags: what one worker may take of them it may take all of. */
export interface TaskQueueRow {
  id: Generated<number>;
  team_id: string;
  /** JSON array, sorted. */
  tags: string;
  /** Grows with each queue that is opened, in the order of their commits; null: nothing of it has been waiting for long. */
  opened: number | null;
  /** Within ten minutes. */
  used_at: number;
}

export interface TaskQueueTagRow {
  team_id: string;
  tag: string;
  queue_id: number;
}

export interface TaskCounterRow {
  team_id: string;
  last_number: number;
}

/** A submit that must not be done twice, by the key that its user gave it. */
export interface TaskSubmissionRow {
  user_id: string;
  key: string;
  /** SHA-256 of what was submitted. */
  digest: string;
  task_uuid: string;
  created_at: number;
}

export interface TaskWorkerRow {
  uuid: string;
  creator_id: string;
  creator_name: string;
  /** SHA-256. */
  credential_hash: string;
  expires_at: number;
  tags: string;
  labels: string;
  state: "normal" | "draining";
  lease_ms: number;
  /** Unless it is heard of before, it is lost then. */
  lease_until: number;
  heard_at: number;
  /** Raised by each change of its tags, teams or state. */
  revision: number;
  created_at: number;
  updated_at: number;
}

export interface TaskWorkerTeamRow {
  worker_uuid: string;
  team_id: string;
  role: "owner" | "admin" | "member" | "viewer";
}

/** The ends of what a running task has printed, while somebody looks at it. */
export interface LiveOutputRow {
  task_uuid: string;
  /** That runs it, or did when somebody began to look. */
  worker_uuid: string;
  watched_until: number;
  /** Position of the first byte that is kept. */
  stdout_at: number;
  stdout: Uint8Array;
  stderr_at: number;
  stderr: Uint8Array;
}
