/** How workers come by tasks: they ask, and wait for a while if there are none. */
import { type Kysely, sql } from "kysely";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import { isAtLeast } from "./access.ts";
import { type ClaimedRow, prepareClaim } from "./claim-statement.ts";
import { type Leases, removedWorker } from "./leases.ts";
import type { Queue, Queues } from "./queues.ts";
import type { TaskSignals } from "./signals.ts";
import { limits } from "./task-limits.ts";
import { createWaitingClaims, type WaitingClaim } from "./waiting-claims.ts";
import { readRecord, type WorkerRecord } from "./worker-rows.ts";
import type { ClaimedTask, WorkerIdentity, Workers } from "./workers.ts";

export interface ClaimParts {
  readonly database: Database;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly log: Log;
  readonly now: SharedTime;
  readonly queues: Queues;
  readonly leases: Leases;
  readonly signals: TaskSignals;
  /** How often waiting claims look although nothing has told them to, for signals that were lost. */
  readonly pollMs: number;
}

/** A worker as it is remembered, with the queues that fit it. */
interface Known {
  readonly record: WorkerRecord;
  readonly queueIds: readonly number[];
  /** Of the queues that it was chosen from. */
  readonly version: number;
}

const mostKnown = 10_000;
/** A worker that is changed again and again meanwhile gets nothing this time. */
const mostTries = 5;

export interface Claims extends Pick<Workers, "claim">, AsyncDisposable {
  /** Wakes those who wait here. @param queueIds one for each task @returns those of the tasks for which nobody waits */
  offer(queueIds: readonly number[]): readonly number[];
}

export function createClaims(parts: ClaimParts): Claims {
  const { database, bus, clock, log, now, queues, leases, signals, pollMs } = parts;
  const { kysely: db } = database;
  const claimRows = prepareClaim(database, now);
  const known = new Map<string, Known>();
  const waiting = createWaitingClaims();
  const waitsOf = new Map<string, Set<WaitingClaim>>();

  /** @throws {YardError} unauthenticated: it was removed */
  async function know(uuid: string): Promise<Known> {
    let current = known.get(uuid);
    if (current?.version === queues.version) return current;
    const record = current?.record ?? (await readRecord(db, uuid));
    if (record === undefined) throw removedWorker();
    current = { record, queueIds: queues.fitting(record), version: queues.version };
    if (known.size >= mostKnown) known.delete(known.keys().next().value ?? "");
    known.set(uuid, current);
    return current;
  }

  /** What is there now. @throws {YardError} unauthenticated */
  async function take(workerUuid: string, limit: number): Promise<readonly ClaimedRow[]> {
    for (let tries = 0; tries < mostTries; tries++) {
      const { record, queueIds } = await know(workerUuid);
      if (record.state === "normal" && queueIds.length > 0) {
        const rows = await claimRows({ workerUuid, revision: record.revision, queueIds, limit });
        if (rows.length > 0) return rows;
      }
      // Nothing, by what was known: is there anything that was not?
      const isNewQueue = await queues.refresh();
      const { revision } = (await revisionOf(workerUuid)) ?? {};
      if (revision === undefined) known.delete(workerUuid);
      if (revision === undefined) throw removedWorker();
      if (revision !== record.revision) known.delete(workerUuid);
      else if (!isNewQueue) return [];
    }
    return [];
  }

  function revisionOf(uuid: string) {
    return db.selectFrom("task_workers").select("revision").where("uuid", "=", uuid).executeTakeFirst();
  }

  /** What nobody is there any more to receive waits again, as if it had not been claimed. */
  async function giveBack(workerUuid: string, rows: readonly ClaimedRow[]): Promise<void> {
    const returned = await db
      .updateTable("tasks")
      .set((task) => ({ state: "ready", worker_uuid: null, attempts: task("attempts", "-", 1) }))
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      )
      .where("worker_uuid", "=", workerUuid)
      .where("state", "=", "running")
      .returning("queue_id")
      .execute();
    signals.ready(returned.map(({ queue_id }) => queue_id));
  }

  function join({ uuid }: WorkerIdentity, limit: number): WaitingClaim {
    const ofWorker = waitsOf.get(uuid) ?? new Set();
    if (ofWorker.size >= limits.waitsPerWorker) {
      const message = `This worker waits for work ${ofWorker.size} times already. One claim with a higher limit does the same.`;
      throw new YardError("too_many", message, { retryAfterMs: 1_000 });
    }
    const claim = waiting.join({ limit, fits: (queue) => fits(known.get(uuid)?.record, queue) });
    waitsOf.set(uuid, ofWorker.add(claim));
    return {
      ...claim,
      [Symbol.dispose]() {
        claim[Symbol.dispose]();
        ofWorker.delete(claim);
        if (ofWorker.size === 0) waitsOf.delete(uuid);
      },
    };
  }

  async function hear(queueId: number, count: number): Promise<void> {
    if (waitsOf.size === 0) return;
    if (queues.get(queueId) === undefined) await queues.refresh();
    const queue = queues.get(queueId);
    if (queue !== undefined) waiting.wake(queue, count);
  }

  function forget(workerUuid: string): void {
    known.delete(workerUuid);
    for (const claim of waitsOf.get(workerUuid) ?? []) claim.wake();
  }

  /** Wakes as many as there is work for, although no signal told so. */
  async function poll(): Promise<void> {
    if (waitsOf.size === 0) return;
    try {
      await queues.refresh();
      for (const { id, waits } of await waitingTasks(db)) {
        const queue = queues.get(id);
        if (queue !== undefined) waiting.wake(queue, waits);
      }
    } catch (error) {
      log.warn({ err: error }, "cannot look for waiting tasks; it is tried again");
    }
  }

  const lifetime = new AsyncDisposableStack();
  lifetime.use(
    bus.subscribe("task.ready", async ({ queues }) => {
      for (const { queueId, count } of queues) await hear(queueId, count);
    }),
  );
  lifetime.use(bus.subscribe("worker.changed", ({ workerUuid }) => forget(workerUuid)));
  lifetime.use(
    bus.onResync(() => {
      known.clear();
      waiting.wakeAll();
    }),
  );
  lifetime.use(every(pollMs, poll));
  const closing = new AbortController();
  lifetime.defer(() => closing.abort());

  return {
    offer(queueIds) {
      const counts = [...Map.groupBy(queueIds, (queueId) => queueId)];
      return counts.flatMap(([queueId, { length: count }]) => {
        const queue = queues.get(queueId);
        return Array<number>(queue === undefined ? count : waiting.wake(queue, count)).fill(queueId);
      });
    },

    async claim(worker, { limit, waitMs, signal }) {
      requireLimit(limit);
      const deadline = clock.monotonic() + waitMs;
      let gone: AbortSignal | undefined; // only who waits needs it, and it takes longer to make than the rest of a claim here
      await leases.renew(worker.uuid);
      using place = join(worker, limit);
      for (;;) {
        place.look();
        const rows = await take(worker.uuid, limit);
        if (rows.length > 0 && signal?.aborted) {
          await giveBack(worker.uuid, rows);
          return [];
        }
        const leftMs = deadline - clock.monotonic();
        const isOver = leftMs <= 0 || signal?.aborted || closing.signal.aborted;
        if (rows.length > 0 || isOver) return toClaimed(rows);
        gone ??= signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
        await place.woken(leftMs, gone);
      }
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** Of each open queue how many wait, a hundred at most: that is enough to wake somebody, and costs the same however many they are. */
async function waitingTasks(db: Kysely<Schema>): Promise<readonly { readonly id: number; readonly waits: number }[]> {
  const some = sql<number>`(select count(*) from (
    select 1 as one from tasks where tasks.queue_id = task_queues.id and tasks.state = 'ready' limit 100) as first)`;
  const rows = await db
    .selectFrom("task_queues")
    .select(["id", some.as("waits")])
    .where("opened", "is not", null)
    .execute();
  return rows.filter(({ waits }) => waits > 0);
}

function fits(worker: WorkerRecord | undefined, { teamId, tags }: Queue): boolean {
  return (
    worker !== undefined &&
    isAtLeast(worker.teams.get(teamId), "member") &&
    tags.every((tag) => worker.tags.includes(tag))
  );
}

/** @throws {YardError} invalid */
function requireLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.tasksPerClaim) return;
  throw new YardError("invalid", `limit must be from 1 to ${limits.tasksPerClaim}.`, { field: "limit" });
}

/** The order in which they are to be run. */
function toClaimed(rows: readonly ClaimedRow[]): readonly ClaimedTask[] {
  const ordered = rows.toSorted((a, b) => b.priority - a.priority || a.id - b.id);
  return ordered.map(({ id, uuid, timeout_seconds: timeoutSeconds, upstream_uuid: upstreamUuid, attempts, spec }) => ({
    ...{ id, uuid, timeoutSeconds, upstreamUuid, attempts },
    spec: JSON.parse(spec),
  }));
}
