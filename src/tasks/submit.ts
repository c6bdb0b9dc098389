/** Submitting. Tasks that arrive together share a commit; large batches are committed in chunks, so that others come in between. */
import { randomUUIDv7 } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { isYardError, type YardError } from "../platform/errors.ts";
import { noSuchTask, requireRole } from "./access.ts";
import type { Claims } from "./claims.ts";
import type { AddedTask, AddTasks } from "./new-tasks.ts";
import type { OpenTasks } from "./open-tasks.ts";
import type { Queues } from "./queues.ts";
import type { TaskSignals } from "./signals.ts";
import { checkKey, digestOf, type Submission, takeKey } from "./submissions.ts";
import type { NewTask, SubmittedTask, TaskCaller } from "./task.ts";
import { checkNewTask } from "./task-limits.ts";
import type { Tasks } from "./tasks.ts";

export interface SubmitParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly addTasks: AddTasks;
  readonly queues: Queues;
  readonly openTasks: OpenTasks;
  readonly offer: Claims["offer"];
  readonly signals: TaskSignals;
}

/** A task on its way to the disk; the commit fills in what became of it. */
interface Arrival {
  readonly added: AddedTask;
  readonly submission: Submission | undefined;
  outcome: SubmittedTask | YardError | undefined;
}

/** Of a batch, in one transaction: 20 ms on SQLite, in which nobody else is served. */
const chunkSize = 1_000;

export function createSubmit(parts: SubmitParts): Pick<Tasks, "submit" | "submitMany"> & AsyncDisposable {
  const { database, clock, addTasks, queues, openTasks, offer, signals } = parts;
  const { dialect } = database;

  /** @throws {YardError} what keeps the task from being taken at all */
  async function prepare(caller: TaskCaller, task: NewTask): Promise<void> {
    requireRole(caller, task.team, "member");
    checkNewTask(task);
    await openTasks.admit(task.team, 1);
  }

  function arrivalOf(caller: TaskCaller, task: NewTask, queueId: number, key?: string): Arrival {
    // Of the seventh version: they begin with the time, so neighbours in age are neighbours in the index.
    const uuid = randomUUIDv7();
    const { userId, username } = caller;
    const submission = key === undefined ? undefined : { userId, key, digest: digestOf(task), taskUuid: uuid };
    return {
      added: { uuid, task, queueId, creator: { userId, username }, upstreamUuid: null },
      submission,
      outcome: undefined,
    };
  }

  async function commit(arrivals: readonly Arrival[]): Promise<void> {
    const unclaimed = await database.transaction(
      async (trx) => {
        const fresh: Arrival[] = [];
        const repeats: { readonly arrival: Arrival; readonly uuid: string }[] = [];
        for (const arrival of arrivals) {
          const taken = await takeKeyOf(trx, arrival);
          if (isYardError(taken)) arrival.outcome = taken;
          else if (taken === arrival.added.uuid) fresh.push(arrival);
          else repeats.push({ arrival, uuid: taken });
        }
        const numbers = await addTasks(
          trx,
          fresh.map(({ added }) => added),
        );
        for (const [i, arrival] of fresh.entries()) arrival.outcome = { uuid: arrival.added.uuid, number: numbers[i]! };
        // After the others: what they repeat may be among them.
        for (const { arrival, uuid } of repeats) arrival.outcome = await earlierTask(trx, uuid);
        const queueIds = arrivals.filter(isNew).map(({ added }) => added.queueId);
        return dialect === "sqlite" ? await offerInTurn(queueIds) : queueIds;
      },
      { rowLocks: true },
    );
    signals.ready(unclaimed);
  }

  /** SQLite has one writer, and who stands in line for it shares its commit. So workers that wait are woken while the tasks are being added, and claim them in the same commit:
   *  from a submit to its start the disk is waited for once. Should it fail, they find nothing, and go on waiting.
   *  @returns the queues of the tasks for which nobody waits */
  async function offerInTurn(queueIds: readonly number[]): Promise<readonly number[]> {
    const unclaimed = offer(queueIds);
    if (unclaimed.length < queueIds.length) await nextTurn();
    return unclaimed;
  }

  /** @returns the uuid of the task that has the key, or what is wrong with the key */
  async function takeKeyOf(trx: Kysely<Schema>, { added, submission }: Arrival): Promise<string | YardError> {
    if (submission === undefined) return added.uuid;
    return await takeKey(trx, submission, clock.now()).catch((error: unknown) => {
      if (isYardError(error, "conflict")) return error;
      throw error;
    });
  }

  const writer = createBatchWriter<Arrival>({ commit, maxBatch: chunkSize });

  return {
    async submit(caller, task, { idempotencyKey } = {}) {
      if (idempotencyKey !== undefined) checkKey(idempotencyKey);
      await prepare(caller, task);
      const [queueId] = await queues.ensure([{ teamId: task.team.id, tags: task.tags }]);
      const arrival = arrivalOf(caller, task, queueId!, idempotencyKey);
      await writer.write(arrival);
      if (isYardError(arrival.outcome)) throw arrival.outcome;
      return arrival.outcome!;
    },

    async submitMany(caller, tasks) {
      const outcomes: (SubmittedTask | YardError)[] = [];
      for (let from = 0; from < tasks.length; from += chunkSize) {
        if (from > 0) await nextTurn();
        outcomes.push(...(await submitChunk(caller, tasks.slice(from, from + chunkSize))));
      }
      return outcomes;
    },

    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };

  async function submitChunk(
    caller: TaskCaller,
    tasks: readonly NewTask[],
  ): Promise<readonly (SubmittedTask | YardError)[]> {
    const refusals: (YardError | undefined)[] = [];
    for (const task of tasks) refusals.push(await prepare(caller, task).then(() => undefined, asResult));
    const accepted = tasks.filter((_, i) => refusals[i] === undefined);
    const queueIds = await queues.ensure(accepted.map(({ team, tags }) => ({ teamId: team.id, tags })));
    const arrivals = accepted.map((task, i) => arrivalOf(caller, task, queueIds[i]!));
    let failure: YardError | undefined;
    await commit(arrivals).catch((error: unknown) => {
      failure = asResult(error);
    });
    const rest = arrivals.values();
    return refusals.map((refusal) => refusal ?? failure ?? rest.next().value!.outcome!);
  }
}

function isNew({ added, outcome }: Arrival): boolean {
  return outcome !== undefined && !isYardError(outcome) && outcome.uuid === added.uuid;
}

/** What a caller may see as the result of one of many; anything else sinks the whole call. */
function asResult(error: unknown): YardError {
  if (isYardError(error)) return error;
  throw error;
}

async function earlierTask(trx: Kysely<Schema>, uuid: string): Promise<SubmittedTask | YardError> {
  for (const table of ["tasks", "ended_tasks"] as const) {
    const row = await trx.selectFrom(table).select("number").where("uuid", "=", uuid).executeTakeFirst();
    if (row !== undefined) return { uuid, number: row.number };
  }
  return noSuchTask(uuid); // it went with its team
}
