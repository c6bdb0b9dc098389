/** What scripts have left is forgotten in time: ended executions when they are old, and when their team has too many; sessions that nobody goes on with.
 *  The heaps that nothing names any more are collected (heap-collection.ts). */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { forgetHeapsOf } from "./heap-collection.ts";
import { forgetSessions } from "./sessions.ts";

export interface Retention {
  readonly maxAgeMs: number;
  /** For each team. */
  readonly maxExecutions: number;
  /** How long a session is kept after its newest step. */
  readonly maxSessionAgeMs: number;
}

/** Deleted at a time: others may write in between. */
const batchRows = 500;
/** Forgotten in one go; the next goes on. */
const mostSessionsAtOnce = 500;

/** @returns how many were forgotten */
export async function forgetOldExecutions(
  db: Kysely<Schema>,
  { maxAgeMs, maxExecutions }: Omit<Retention, "maxSessionAgeMs">,
  nowMs: number,
): Promise<number> {
  let forgotten = await forgetEnded(db, { before: nowMs - maxAgeMs });
  const teams = await db
    .selectFrom("executions")
    .select("team_id")
    .groupBy("team_id")
    .having((select) => select.fn.countAll(), ">", maxExecutions)
    .execute();
  for (const { team_id: teamId } of teams) {
    const oldestKept = await db
      .selectFrom("executions")
      .select("created_at")
      .where("team_id", "=", teamId)
      .orderBy("created_at", "desc")
      .offset(maxExecutions - 1)
      .limit(1)
      .executeTakeFirst();
    if (oldestKept) forgotten += await forgetEnded(db, { teamId, before: oldestKept.created_at });
  }
  return forgotten;
}

/** @returns how many were forgotten */
export function forgetOldSessions(
  database: Database,
  { maxSessionAgeMs }: Pick<Retention, "maxSessionAgeMs">,
  nowMs: number,
): Promise<number> {
  return forgetSessions(database, { unusedSince: nowMs - maxSessionAgeMs }, mostSessionsAtOnce);
}

/** All that a team's scripts have left, in parts. What still runs for it is not touched. Killed at any point, the next call goes on. */
export async function forgetTeam(database: Database, teamId: string, clock: Clock): Promise<void> {
  await forgetEnded(database.kysely, { teamId, before: Number.MAX_SAFE_INTEGER });
  while ((await forgetSessions(database, { teamId }, mostSessionsAtOnce)) > 0);
  await forgetHeapsOf(database, teamId, clock);
}

async function forgetEnded(
  db: Kysely<Schema>,
  { teamId, before }: { teamId?: string; before: number },
): Promise<number> {
  const ended = db.selectFrom("executions").select("id").where("ended_at", "is not", null);
  const old =
    teamId === undefined
      ? ended.where("ended_at", "<", before)
      : ended.where("team_id", "=", teamId).where("created_at", "<", before);
  for (let forgotten = 0; ; ) {
    const batch = await old.limit(batchRows).execute();
    if (batch.length === 0) return forgotten;
    const ids = batch.map(({ id }) => id);
    await db.deleteFrom("executions").where("id", "in", ids).execute();
    forgotten += ids.length;
  }
}
