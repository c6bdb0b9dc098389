/** Executions in the database. Every read names the team: what belongs to another is as if it were not there. */
import type { Kysely, Selectable, Transaction } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import type { ExecutionRow, Schema } from "../platform/db/schema.ts";
import type { Execution, ExecutionEnd, ExecutionSummary } from "./execution.ts";

export interface NewExecution {
  readonly id: string;
  readonly teamId: string;
  readonly createdAt: number;
  readonly session: string | null;
  readonly heapIn: string | null;
  /** The yard that runs it. */
  readonly instanceId: string;
}

export interface ExecutionRows {
  get(teamId: string, id: string): Promise<Execution | undefined>;
  /** The newest first. */
  list(teamId: string, limit: number): Promise<readonly ExecutionSummary[]>;
}

export function createExecutionRows({ kysely }: Database): ExecutionRows {
  const find = prepareQuery<{ id: string; teamId: string }, Selectable<ExecutionRow>>(kysely, (slot) =>
    kysely.selectFrom("executions").selectAll().where("id", "=", slot("id")).where("team_id", "=", slot("teamId")),
  );
  return {
    async get(teamId, id) {
      if (!isExecutionId(id)) return undefined;
      const [row] = await find({ id, teamId });
      return row && toExecution(row);
    },
    list: (teamId, limit) =>
      kysely
        .selectFrom("executions")
        .select(["id", "status", "created_at as createdAt", "ended_at as endedAt"])
        .where("team_id", "=", teamId)
        .orderBy("created_at", "desc")
        .orderBy("id")
        .limit(limit)
        .execute(),
  };
}

function isExecutionId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

export async function insertExecutions(trx: Transaction<Schema>, added: readonly NewExecution[]): Promise<void> {
  if (added.length === 0) return;
  const rows = added.map(({ id, teamId, createdAt, session, heapIn, instanceId }) => ({
    id,
    team_id: teamId,
    status: "running" as const,
    created_at: createdAt,
    session,
    heap_in: heapIn,
    instance_id: instanceId,
  }));
  await trx.insertInto("executions").values(rows).execute();
}

/** @returns whether it had no end before: others may have given one to the execution of a yard that they took to be gone */
export async function endExecution(
  trx: Transaction<Schema>,
  { id, at, end }: { id: string; at: number; end: ExecutionEnd },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("executions")
    .set({
      status: end.status,
      ended_at: at,
      error: end.error && storable(end.error),
      result: end.result && storable(end.result),
      lost: end.lost.length > 0 ? JSON.stringify(end.lost) : null,
      queued_ms: end.queuedMs && Math.round(end.queuedMs),
      run_ms: end.runMs && Math.round(end.runMs),
      heap_out: end.heapOut,
      fs_out: end.fsOut,
    })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Those that no process runs any more: their yard is gone.
 *  @param predecessorOf a yard that has just begun: what has its id was run by the process before it
 *  @returns how many */
export async function failForsaken(
  db: Kysely<Schema>,
  { at, error, predecessorOf = null }: { at: number; error: string; predecessorOf?: string | null },
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable("executions")
    .set({ status: "failed", error, ended_at: at })
    .where("ended_at", "is", null)
    .where((row) =>
      row.or([
        row("instance_id", "is", null),
        row("instance_id", "=", predecessorOf),
        row("instance_id", "not in", row.selectFrom("instances").select("id").where("gone_at", "is", null)),
      ]),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The yard that runs it is to cancel it. @returns whether it has not ended */
export async function requestCancellation(
  db: Kysely<Schema>,
  { teamId, id, at }: { teamId: string; id: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("executions")
    .set({ cancel_requested_at: at })
    .where("id", "=", id)
    .where("team_id", "=", teamId)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Of the executions that a yard runs, the ids of those that it is to cancel. */
export async function cancellationsFor(db: Kysely<Schema>, instanceId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("executions")
    .select("id")
    .where("ended_at", "is", null)
    .where("instance_id", "=", instanceId)
    .where("cancel_requested_at", "is not", null)
    .execute();
  return rows.map(({ id }) => id);
}

/** Text columns of PostgreSQL take no NUL, which a script may well put into an error. */
function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD");
}

export function toExecution(row: Selectable<ExecutionRow>): Execution {
  return {
    id: row.id,
    status: row.status,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    queuedMs: row.queued_ms,
    runMs: row.run_ms,
    error: row.error,
    result: row.result,
    lost: row.lost === null ? [] : JSON.parse(row.lost),
    session: row.session,
    heapIn: row.heap_in,
    heapOut: row.heap_out,
    fsOut: row.fs_out,
  };
}
