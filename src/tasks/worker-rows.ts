/** Workers in the database. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import type { TeamRole } from "./task.ts";
import type { Worker, WorkerTeams } from "./workers.ts";

/** What decides about what a worker may take. */
export interface WorkerRecord {
  readonly uuid: string;
  readonly tags: readonly string[];
  readonly teams: WorkerTeams;
  readonly state: Worker["state"];
  readonly leaseMs: number;
  readonly revision: number;
}

export async function readRecord(db: Kysely<Schema>, uuid: string): Promise<WorkerRecord | undefined> {
  const row = await db
    .selectFrom("task_workers")
    .select(["uuid", "tags", "state", "lease_ms", "revision"])
    .where("uuid", "=", uuid)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const teams = (await teamsOfWorkers(db, [uuid])).get(uuid) ?? new Map();
  const { tags, state, lease_ms: leaseMs, revision } = row;
  return { uuid, tags: JSON.parse(tags), teams, state, leaseMs, revision };
}

export async function teamsOfWorkers(
  db: Kysely<Schema>,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, WorkerTeams>> {
  if (uuids.length === 0) return new Map();
  const rows = await db.selectFrom("task_worker_teams").selectAll().where("worker_uuid", "in", uuids).execute();
  const teams = new Map<string, Map<string, TeamRole>>();
  for (const { worker_uuid: uuid, team_id: teamId, role } of rows) {
    const ofWorker = teams.get(uuid) ?? new Map<string, TeamRole>();
    teams.set(uuid, ofWorker.set(teamId, role));
  }
  return teams;
}

/** The workers of these rows, in the order of the uuids that are there. */
export async function readWorkers(db: Kysely<Schema>, uuids: readonly string[]): Promise<readonly Worker[]> {
  if (uuids.length === 0) return [];
  const rows = await db
    .selectFrom("task_workers")
    .selectAll()
    .where("uuid", "in", uuids)
    .orderBy("created_at")
    .orderBy("uuid")
    .execute();
  const teams = await teamsOfWorkers(db, uuids);
  const held = await db
    .selectFrom("tasks")
    .select(["worker_uuid", "uuid"])
    .where("worker_uuid", "in", uuids)
    .orderBy("id")
    .execute();
  const tasks = Map.groupBy(held, ({ worker_uuid: uuid }) => uuid);
  return rows.map((row) => ({
    uuid: row.uuid,
    creator: { userId: row.creator_id, username: row.creator_name },
    tags: JSON.parse(row.tags),
    labels: JSON.parse(row.labels),
    teams: teams.get(row.uuid) ?? new Map(),
    state: row.state,
    taskUuids: (tasks.get(row.uuid) ?? []).map(({ uuid }) => uuid),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastHeardAt: row.heard_at,
  }));
}

/** Adds teams, or gives them another role. */
export async function putTeams(trx: Kysely<Schema>, uuid: string, teams: WorkerTeams): Promise<void> {
  if (teams.size === 0) return;
  await trx
    .insertInto("task_worker_teams")
    .values([...teams].map(([team_id, role]) => ({ worker_uuid: uuid, team_id, role })))
    .onConflict((conflict) =>
      conflict.columns(["team_id", "worker_uuid"]).doUpdateSet((update) => ({ role: update.ref("excluded.role") })),
    )
    .execute();
}
