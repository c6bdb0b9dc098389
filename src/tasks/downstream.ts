/** Tasks that a task's run submits: they wait for its commit, belong to its creator and its team, and only a worker that serves the team may submit them. */
import { randomUUIDv7 } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { isAtLeast } from "./access.ts";
import type { AddTasks } from "./new-tasks.ts";
import type { OpenTasks } from "./open-tasks.ts";
import type { Queues } from "./queues.ts";
import type { HeldTask } from "./report-rules.ts";
import type { NewTask } from "./task.ts";
import { checkNewTask } from "./task-limits.ts";
import { readRecord } from "./worker-rows.ts";
import type { Report, WorkerIdentity, WorkerTeams } from "./workers.ts";

export interface DownstreamParts {
  readonly database: Database;
  readonly addTasks: AddTasks;
  readonly queues: Queues;
  readonly openTasks: OpenTasks;
}

/** By the index of the report: the queue of what it submits, or why it may not. */
export type PreparedDownstream = ReadonlyMap<number, number | YardError>;

export async function prepareDownstream(
  parts: DownstreamParts,
  { uuid }: WorkerIdentity,
  reports: readonly { readonly report: Report }[],
): Promise<PreparedDownstream> {
  const prepared = new Map<number, number | YardError>();
  let teams: WorkerTeams | undefined;
  for (const [index, { report }] of reports.entries()) {
    if (report.kind !== "submit") continue;
    teams ??= (await readRecord(parts.database.kysely, uuid))?.teams ?? new Map();
    prepared.set(index, await queueFor(parts, report.task, teams).catch(asResult));
  }
  return prepared;
}

/** @throws {YardError} invalid, forbidden, too_many */
async function queueFor({ queues, openTasks }: DownstreamParts, task: NewTask, teams: WorkerTeams): Promise<number> {
  checkNewTask(task);
  if (!isAtLeast(teams.get(task.team.id), "member")) {
    throw new YardError("forbidden", `This worker does not serve ${task.team.name}.`, { field: "team" });
  }
  await openTasks.admit(task.team, 1);
  const [queueId] = await queues.ensure([{ teamId: task.team.id, tags: task.tags }]);
  return queueId!;
}

function asResult(error: unknown): YardError {
  if (isYardError(error)) return error;
  throw error;
}

/** @returns the uuid of what each task has submitted last, by its id; and what was wrong, by the index of the report */
export async function addDownstream(
  trx: Kysely<Schema>,
  { addTasks }: DownstreamParts,
  submits: readonly { readonly index: number; readonly upstream: HeldTask; readonly task: NewTask }[],
  prepared: PreparedDownstream,
): Promise<{ readonly uuids: ReadonlyMap<number, string>; readonly errors: ReadonlyMap<number, YardError> }> {
  const uuids = new Map<number, string>();
  const errors = new Map<number, YardError>();
  const active = await activeAmong(
    trx,
    submits.map(({ upstream }) => upstream.creator.userId),
  );
  for (const { index, upstream, task } of submits) {
    const queueId = reasonAgainst(upstream, task, active) ?? prepared.get(index)!;
    if (isYardError(queueId)) {
      errors.set(index, queueId);
      continue;
    }
    const uuid = randomUUIDv7();
    const added = { uuid, task, queueId, creator: upstream.creator, upstreamUuid: upstream.uuid };
    await addTasks(trx, [added]);
    await trx.updateTable("tasks").set({ downstream_uuid: uuid }).where("id", "=", upstream.id).execute();
    uuids.set(upstream.id, uuid);
  }
  return { uuids, errors };
}

function reasonAgainst(upstream: HeldTask, task: NewTask, active: ReadonlySet<string>): YardError | undefined {
  if (task.team.id !== upstream.teamId)
    return new YardError("invalid", "What a task submits belongs to its own team.", { field: "team" });
  if (!active.has(upstream.creator.userId))
    return new YardError("forbidden", `${upstream.creator.username} may not submit tasks any more.`);
  return undefined;
}

async function activeAmong(trx: Kysely<Schema>, userIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const rows = await trx
    .selectFrom("users")
    .select("id")
    .where("id", "in", [...new Set(userIds)])
    .where("state", "=", "active")
    .execute();
  return new Set(rows.map(({ id }) => id));
}
