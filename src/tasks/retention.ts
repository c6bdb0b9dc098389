/** Tasks that are over are kept for long, not for ever: a year, and the newest million of each team. */
import { sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";

export interface TaskRetention {
  readonly maxAgeMs: number;
  /** For each team. */
  readonly maxTasks: number;
}

export interface ForgettingParts {
  readonly database: Database;
  readonly now: SharedTime;
  /** Of tasks that will be forgotten next: what else there is of them goes first. */
  readonly beforeForgetting: (taskUuids: readonly string[]) => Promise<void>;
}

/** Deleted at a time: others may write in between. */
const batchRows = 500;

interface Doomed {
  readonly id: number;
  readonly uuid: string;
}

/** @returns how many were forgotten */
export async function forgetOldTasks(parts: ForgettingParts, { maxAgeMs, maxTasks }: TaskRetention): Promise<number> {
  const db = parts.database.kysely;
  const tooOld = sql<number>`${parts.now()} - ${maxAgeMs}`;
  // Ids grow with age, nearly so with the time of the end: only the first of them need a look.
  const first = db.selectFrom("ended_tasks").select(["id", "uuid", "updated_at"]).orderBy("id").limit(batchRows);
  let forgotten = await forgetAll(parts, () =>
    db.selectFrom(first.as("first")).select(["id", "uuid"]).where("updated_at", "<", tooOld).execute(),
  );
  const teams = await db
    .selectFrom("ended_tasks")
    .select("team_id")
    .groupBy("team_id")
    .having((select) => select.fn.countAll(), ">", maxTasks)
    .execute();
  for (const { team_id: teamId } of teams) {
    const ofTeam = db.selectFrom("ended_tasks").select(["id", "uuid"]).where("team_id", "=", teamId);
    const newest = await ofTeam.orderBy("id", "desc").offset(maxTasks).limit(1).executeTakeFirst();
    if (newest === undefined) continue;
    forgotten += await forgetAll(parts, () =>
      ofTeam.where("id", "<=", newest.id).orderBy("id").limit(batchRows).execute(),
    );
  }
  return forgotten;
}

/** All that a team has in this room but its queues, in parts. What a worker still runs for it ends as if it had been cancelled. Killed at any point, the next call goes on.
 *  @returns the workers that served it */
export async function forgetTeam(parts: ForgettingParts, teamId: string): Promise<readonly string[]> {
  const db = parts.database.kysely;
  const linked = await db
    .deleteFrom("task_worker_teams")
    .where("team_id", "=", teamId)
    .returning("worker_uuid")
    .execute();
  const uuids = linked.map(({ worker_uuid: uuid }) => uuid);
  if (uuids.length > 0) {
    await db.updateTable("task_workers").set({ revision: sql`revision + 1` }).where("uuid", "in", uuids).execute();
  }
  for (const table of ["tasks", "ended_tasks"] as const) {
    const ofTeam = db.selectFrom(table).select(["id", "uuid"]).where("team_id", "=", teamId).limit(batchRows);
    await forgetAll(parts, () => ofTeam.execute(), table);
  }
  await db.deleteFrom("task_counters").where("team_id", "=", teamId).execute();
  return uuids;
}

async function forgetAll(
  { database, beforeForgetting }: ForgettingParts,
  next: () => Promise<readonly Doomed[]>,
  table: "tasks" | "ended_tasks" = "ended_tasks",
): Promise<number> {
  for (let forgotten = 0; ; ) {
    const doomed = await next();
    if (doomed.length === 0) return forgotten;
    await beforeForgetting(doomed.map(({ uuid }) => uuid));
    const ids = doomed.map(({ id }) => id);
    await database.transaction(
      async (trx) => {
        await trx.deleteFrom("task_labels").where("task_id", "in", ids).execute();
        await trx.deleteFrom(table).where("id", "in", ids).execute();
      },
      { rowLocks: true },
    );
    forgotten += ids.length;
  }
}
