/** Tasks as they are read: those that are not over, and those that are, look alike to whoever asks. */
import { type Kysely, sql } from "kysely";
import type { Schema, TaskRow } from "../platform/db/schema.ts";
import type { ResultReason, Task, TaskState } from "./task.ts";

/** A task as either table has it, with the names that it refers to. */
export interface StoredTask extends Omit<TaskRow, "id" | "state"> {
  readonly id: number;
  readonly state: TaskState;
  readonly team_name: string | null;
  readonly tags: string;
  readonly reporter_uuid: string | null;
  readonly wait_status: number | null;
  readonly reason: string | null;
}

const shared = [
  "task.id",
  "task.uuid",
  "task.team_id",
  "task.number",
  "task.creator_id",
  "task.creator_name",
  "task.state",
  "task.queue_id",
  "task.priority",
  "task.timeout_seconds",
  "task.spec",
  "task.labels",
  "task.attempts",
  "task.upstream_uuid",
  "task.downstream_uuid",
  "task.created_at",
  "task.updated_at",
  "queue.tags",
  "team.name as team_name",
] as const;

export function selectOpen(db: Kysely<Schema>) {
  return db
    .selectFrom("tasks as task")
    .innerJoin("task_queues as queue", "queue.id", "task.queue_id")
    .leftJoin("teams as team", "team.id", "task.team_id")
    .select(shared)
    .select("task.worker_uuid")
    .select([
      sql<string | null>`null`.as("reporter_uuid"),
      sql<number | null>`null`.as("wait_status"),
      sql<string | null>`null`.as("reason"),
    ]);
}

export function selectEnded(db: Kysely<Schema>) {
  return db
    .selectFrom("ended_tasks as task")
    .innerJoin("task_queues as queue", "queue.id", "task.queue_id")
    .leftJoin("teams as team", "team.id", "task.team_id")
    .select(shared)
    .select(sql<string | null>`null`.as("worker_uuid"))
    .select(["task.reporter_uuid", "task.wait_status", "task.reason"]);
}

export async function findByUuid(db: Kysely<Schema>, uuid: string): Promise<Task | undefined> {
  if (!isUuid(uuid)) return undefined;
  const key = uuid.toLowerCase();
  const open: StoredTask | undefined = await selectOpen(db).where("task.uuid", "=", key).executeTakeFirst();
  // Between the two it may have ended: so the second look is at where tasks go to, never at where they come from.
  const row = open ?? (await selectEnded(db).where("task.uuid", "=", key).executeTakeFirst());
  return row && toTask(row);
}

/** The highest id first. One that ends meanwhile is found where tasks go to. */
export async function readTasks(db: Kysely<Schema>, ids: readonly number[]): Promise<readonly Task[]> {
  if (ids.length === 0) return [];
  const open = await selectOpen(db).where("task.id", "in", ids).execute();
  const ended = await selectEnded(db).where("task.id", "in", ids).execute();
  const byId = new Map([...open, ...ended].map((row) => [row.id, row]));
  return [...byId.values()].sort((a, b) => b.id - a.id).map(toTask);
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function toTask(row: StoredTask): Task {
  return {
    id: row.id,
    uuid: row.uuid,
    number: row.number,
    team: { id: row.team_id, name: row.team_name ?? "" },
    creator: { userId: row.creator_id, username: row.creator_name },
    state: row.state,
    tags: JSON.parse(row.tags),
    labels: JSON.parse(row.labels),
    timeoutSeconds: row.timeout_seconds,
    priority: row.priority,
    spec: JSON.parse(row.spec),
    attempts: row.attempts,
    workerUuid: row.worker_uuid,
    reporterUuid: row.reporter_uuid,
    result:
      row.wait_status === null ? null : { waitStatus: row.wait_status, reason: row.reason as ResultReason | null },
    upstreamUuid: row.upstream_uuid,
    downstreamUuid: row.downstream_uuid,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
