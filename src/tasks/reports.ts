/** What workers report of the tasks they hold; what is wrong with one report does not concern the others of its call. What a statement can do goes that way (quick-reports.ts). All
 *  that takes more, to be done or to be refused with the reason, is one transaction. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { endTasks, releaseDownstream } from "./archive.ts";
import { addDownstream, type DownstreamParts, prepareDownstream } from "./downstream.ts";
import { type Leases, removedWorker } from "./leases.ts";
import { asCommits, createQuickReports } from "./quick-reports.ts";
import { type HeldTask, planReports } from "./report-rules.ts";
import type { CommittedRow } from "./report-statements.ts";
import type { TaskSignals } from "./signals.ts";
import { limits } from "./task-limits.ts";
import type { Report, WorkerIdentity, Workers } from "./workers.ts";

export interface ReportParts extends DownstreamParts {
  readonly now: SharedTime;
  readonly leases: Leases;
  readonly signals: TaskSignals;
}

interface GivenReport {
  readonly taskId: number;
  readonly report: Report;
}

/** What a call has changed, for those who wait for it. */
interface Written {
  readonly results: readonly (YardError | undefined)[];
  readonly endedUuids: readonly string[];
  /** Of the tasks that need not wait any more. */
  readonly queueIds: readonly number[];
  readonly isDraining: boolean;
}

export function createReports(parts: ReportParts): Pick<Workers, "report" | "reportMany"> & AsyncDisposable {
  const { database, now, leases, signals } = parts;
  const { kysely: db, dialect } = database;
  const quick = createQuickReports(database, now);

  async function reportMany(worker: WorkerIdentity, reports: readonly GivenReport[]) {
    requireCount(reports.length);
    if (reports.length === 0) return [];
    await leases.renew(worker.uuid);
    const commits = asCommits(worker, reports);
    const done = new Set(commits && (await endQuickly(worker, () => quick.commitAll(commits))));
    const rest = reports.filter(({ taskId }) => !done.has(taskId));
    const results = (rest.length === 0 ? [] : await reportInFull(worker, rest)).values();
    return reports.map(({ taskId }) => (done.has(taskId) ? undefined : results.next().value));
  }

  /** Does it, and tells who waits. @returns the ids of the tasks that are over now */
  async function endQuickly(
    worker: WorkerIdentity,
    commit: () => Promise<readonly CommittedRow[]>,
  ): Promise<readonly number[]> {
    const rows = await commit();
    signals.ready(rows.flatMap((row) => row.released_queue_id ?? []));
    signals.ended(rows.map((row) => row.uuid));
    if (rows[0]?.worker_state === "draining") await leases.removeDrained([worker.uuid]);
    return rows.map((row) => row.id);
  }

  async function reportInFull(worker: WorkerIdentity, reports: readonly GivenReport[]) {
    // Before the transaction: opening a queue takes one of its own.
    const downstream = await prepareDownstream(parts, worker, reports);
    const { results, endedUuids, queueIds, isDraining } = await database.transaction(
      (trx) => write(trx, worker, reports, downstream),
      { rowLocks: true },
    );
    signals.ready(queueIds);
    signals.ended(endedUuids);
    if (results.some((result) => isYardError(result, "not_found"))) await requireThere(db, worker);
    if (isDraining && endedUuids.length > 0) await leases.removeDrained([worker.uuid]);
    return results;
  }

  async function write(
    trx: Kysely<Schema>,
    worker: WorkerIdentity,
    reports: readonly GivenReport[],
    downstream: Awaited<ReturnType<typeof prepareDownstream>>,
  ): Promise<Written> {
    const { held, isDraining } = await holdTasks(
      trx,
      worker,
      reports.map(({ taskId }) => taskId),
    );
    const plan = planReports(reports, held, worker.uuid);
    await setStates(trx, plan.states);
    const added = await addDownstream(trx, parts, plan.submits, downstream);
    await endTasks(trx, plan.ends, { dialect, now });
    const ended = plan.ends.map(({ id }) => held.get(id)!);
    const waiting = ended.flatMap(({ id, downstreamUuid }) => added.uuids.get(id) ?? downstreamUuid ?? []);
    return {
      results: plan.results.map((result, i) => result ?? added.errors.get(i)),
      endedUuids: ended.map(({ uuid }) => uuid),
      queueIds: await releaseDownstream(trx, waiting, now),
      isDraining,
    };
  }

  async function holdTasks(trx: Kysely<Schema>, { uuid }: WorkerIdentity, ids: readonly number[]) {
    const known = [...new Set(ids.filter(Number.isSafeInteger))];
    if (known.length === 0) return { held: new Map<number, HeldTask>(), isDraining: false };
    const rows = await trx
      .selectFrom("tasks")
      .select(["id", "uuid", "team_id", "creator_id", "creator_name", "state", "downstream_uuid"])
      .select((select) => select.selectFrom("task_workers").select("state").where("uuid", "=", uuid).as("worker_state"))
      .where("id", "in", known)
      .where("worker_uuid", "=", uuid)
      .orderBy("id")
      .$if(dialect === "postgres", (query) => query.forUpdate())
      .execute();
    const held = rows.map(
      (row): HeldTask => ({
        ...{ id: row.id, uuid: row.uuid, teamId: row.team_id, state: row.state, downstreamUuid: row.downstream_uuid },
        creator: { userId: row.creator_id, username: row.creator_name },
      }),
    );
    return {
      held: new Map(held.map((task) => [task.id, task])),
      isDraining: rows[0]?.worker_state === "draining",
    };
  }

  async function setStates(trx: Kysely<Schema>, states: ReadonlyMap<number, "finished" | "cancelled">): Promise<void> {
    for (const [state, tasks] of Map.groupBy(states, ([, state]) => state)) {
      await trx
        .updateTable("tasks")
        .set({ state, updated_at: now() })
        .where(
          "id",
          "in",
          tasks.map(([id]) => id),
        )
        .execute();
    }
  }

  /** @returns whether a statement has done it */
  async function reportAlone(worker: WorkerIdentity, { taskId, report }: GivenReport): Promise<boolean> {
    if (!Number.isSafeInteger(taskId)) return false;
    await leases.renew(worker.uuid);
    if (report.kind === "ended") return await quick.setEnded({ taskId, workerUuid: worker.uuid, state: report.state });
    const [commit] = asCommits(worker, [{ taskId, report }]) ?? [];
    if (commit === undefined) return false;
    return (await endQuickly(worker, () => quick.commit(commit))).length > 0;
  }

  return {
    reportMany,
    async report(worker, taskId, report) {
      if (await reportAlone(worker, { taskId, report })) return;
      const [error] = await reportMany(worker, [{ taskId, report }]);
      if (error !== undefined) throw error;
    },
    [Symbol.asyncDispose]: () => quick[Symbol.asyncDispose](),
  };
}

/** A removed worker holds nothing, but has to be told more than that. @throws {YardError} unauthenticated */
async function requireThere(db: Kysely<Schema>, { uuid }: WorkerIdentity): Promise<void> {
  const row = await db.selectFrom("task_workers").select("uuid").where("uuid", "=", uuid).executeTakeFirst();
  if (row === undefined) throw removedWorker();
}

/** @throws {YardError} invalid */
function requireCount(count: number): void {
  if (count <= limits.reportsPerCall) return;
  const message = `${count} reports are too many for one call: ${limits.reportsPerCall} are allowed.`;
  throw new YardError("invalid", message, { field: "reports" });
}
