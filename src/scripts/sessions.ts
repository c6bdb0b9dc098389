/** Sessions: chains of runs by name. Each completed run of a session is a step, and the next run resumes the newest step's heap. */
import type { Kysely, Transaction } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { isStorable } from "./heap-tags.ts";

export interface Step {
  readonly session: string;
  readonly heapIn: string | null;
  readonly heapOut: string | null;
  readonly fsOut: string | null;
  readonly source: string;
}

export interface RecordedStep extends Step {
  /** Grows with each step, with gaps. */
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly executionId: string;
}

/** Of a session; older ones are dropped. */
const mostSteps = 1_000;
/** Of a team, give or take those whose first runs are under way at the same time. */
export const mostSessions = 10_000;
const mostNameBytes = 256;
const mostSourceCharacters = 32 * 1024;

/** @throws {YardError} invalid */
export function requireSessionName(name: string): void {
  if (name !== "" && Buffer.byteLength(name) <= mostNameBytes && isStorable(name)) return;
  throw new YardError("invalid", `The name of a session has 1 to ${mostNameBytes} bytes, and no NUL.`, {
    field: "session",
  });
}

/** For one more run of the session. @throws {YardError} too_many: it would be one session more than a team may have */
export async function requireRoomForSession(db: Kysely<Schema>, teamId: string, session: string): Promise<void> {
  const sessions = db.selectFrom("script_sessions").where("team_id", "=", teamId);
  const known = await sessions.select("name").where("name", "=", session).executeTakeFirst();
  if (known !== undefined) return;
  const { count } = await sessions
    .select((select) => select.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count < mostSessions) return;
  const message = `A team has at most ${mostSessions} sessions. Go on with one of them, or run without; those that nobody uses are forgotten in time.`;
  throw new YardError("too_many", message, { field: "session" });
}

export async function addStep(
  trx: Transaction<Schema>,
  { teamId, executionId, at, ...step }: Step & { teamId: string; executionId: string; at: number },
): Promise<void> {
  const { seq } = await trx
    .insertInto("script_steps")
    .values({
      team_id: teamId,
      session: step.session,
      execution_id: executionId,
      at,
      heap_in: step.heapIn,
      heap_out: step.heapOut,
      fs_out: step.fsOut,
      source: step.source.slice(0, mostSourceCharacters).replaceAll("\0", "\uFFFD"),
    })
    .returning("seq")
    .executeTakeFirstOrThrow();
  const used = { newest_step: seq, used_at: at };
  await trx
    .insertInto("script_sessions")
    .values({ team_id: teamId, name: step.session, ...used })
    .onConflict((conflict) => conflict.columns(["team_id", "name"]).doUpdateSet(used))
    .execute();
  await dropOldSteps(trx, teamId, step.session);
}

async function dropOldSteps(trx: Transaction<Schema>, teamId: string, session: string): Promise<void> {
  const steps = trx.selectFrom("script_steps").where("team_id", "=", teamId).where("session", "=", session);
  const oldest = await steps.select("seq").orderBy("seq", "desc").offset(mostSteps).limit(1).executeTakeFirst();
  if (oldest === undefined) return;
  await trx
    .deleteFrom("script_steps")
    .where("team_id", "=", teamId)
    .where("session", "=", session)
    .where("seq", "<=", oldest.seq)
    .execute();
}

/** What the next run of the session resumes. */
export function latestHeap(db: Kysely<Schema>, teamId: string, session: string): Promise<string | null> {
  return latest(db, "heap_out", { teamId, session });
}

/** The snapshot that the next run of the session mounts. */
export function latestFiles(db: Kysely<Schema>, teamId: string, session: string): Promise<string | null> {
  return latest(db, "fs_out", { teamId, session });
}

async function latest(
  db: Kysely<Schema>,
  what: "heap_out" | "fs_out",
  { teamId, session }: { teamId: string; session: string },
): Promise<string | null> {
  const step = await db
    .selectFrom("script_steps")
    .select(what)
    .where("team_id", "=", teamId)
    .where("session", "=", session)
    .where(what, "is not", null)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return step?.[what] ?? null;
}

/** Names of a team's sessions, those used last first. */
export async function listSessions(db: Kysely<Schema>, teamId: string, limit: number): Promise<readonly string[]> {
  const sessions = await db
    .selectFrom("script_sessions")
    .select("name")
    .where("team_id", "=", teamId)
    .orderBy("newest_step", "desc")
    .limit(limit)
    .execute();
  return sessions.map(({ name }) => name);
}

/** The steps of a session, the oldest first. */
export async function listSteps(db: Kysely<Schema>, teamId: string, session: string): Promise<readonly RecordedStep[]> {
  return await db
    .selectFrom("script_steps")
    .select(["seq as index", "at", "execution_id as executionId", "session", "source"])
    .select(["heap_in as heapIn", "heap_out as heapOut", "fs_out as fsOut"])
    .where("team_id", "=", teamId)
    .where("session", "=", session)
    .orderBy("seq")
    .limit(mostSteps)
    .execute();
}

/** Forgets sessions, with their steps, one after the other: one has up to a thousand.
 *  @param which those that nobody has gone on with since; or all of a team
 *  @returns how many, at most `limit` */
export async function forgetSessions(
  database: Database,
  which: { readonly unusedSince: number } | { readonly teamId: string },
  limit: number,
): Promise<number> {
  const sessionsIn = (db: Kysely<Schema>) => {
    const sessions = db.selectFrom("script_sessions").select(["team_id", "name"]);
    return "teamId" in which
      ? sessions.where("team_id", "=", which.teamId)
      : sessions.where("used_at", "<", which.unusedSince);
  };
  const found = await sessionsIn(database.kysely).limit(limit).execute();
  for (const { team_id: teamId, name } of found)
    await database.transaction(async (trx) => {
      const session = sessionsIn(trx).where("team_id", "=", teamId).where("name", "=", name);
      if ((await session.executeTakeFirst()) === undefined) return; // somebody has gone on with it since
      await trx.deleteFrom("script_sessions").where("team_id", "=", teamId).where("name", "=", name).execute();
      await trx.deleteFrom("script_steps").where("team_id", "=", teamId).where("session", "=", name).execute();
    });
  return found.length;
}
