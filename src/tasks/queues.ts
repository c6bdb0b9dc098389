/** The queues: one for each set of tags that tasks of a team ask for. Thousands of tasks share a queue, so what a worker may take is decided by queues, in
 *  memory, whenever it asks: a change of its tags or teams acts at once. Every yard knows all queues that are open.
 *
 *  A queue is open from its first task on. One in which nothing has been for an hour is closed (its row stays as long as a task that is over names
 *  it) and opened again by the next task. Opening takes turns over all yards, so that `opened` grows in the order in which they become visible: a yard that
 *  has seen one has seen those before it. */
import { type Kysely, sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { isAtLeast } from "./access.ts";
import type { WorkerTeams } from "./workers.ts";

export interface Queue {
  readonly id: number;
  readonly teamId: string;
  readonly tags: readonly string[];
}

export interface QueueKey {
  readonly teamId: string;
  readonly tags: readonly string[];
}

export interface Queues {
  /** The ids of the queues, in order; those that are new or closed are opened. Not within a transaction. */
  ensure(keys: readonly QueueKey[]): Promise<readonly number[]>;
  /** Of the open queues those whose tasks the worker may take. */
  fitting(worker: { readonly tags: readonly string[]; readonly teams: WorkerTeams }): readonly number[];
  /** Undefined: not open, or not known here yet. */
  get(id: number): Queue | undefined;
  /** Changes with every queue that becomes known. */
  readonly version: number;
  /** Looks for queues that other yards have opened. @returns whether there were any */
  refresh(): Promise<boolean>;
  /** Closes those that were empty for long, and forgets those that nothing names. */
  tidy(): Promise<void>;
  /** Of a team that is no more, after its tasks. */
  forgetTeam(teamId: string): Promise<void>;
}

interface KnownQueue extends Queue {
  /** When the database was last told that it is in use. */
  usedAt: number;
}

/** So often the database is told that a queue is in use. */
const touchMs = 10 * 60_000;
/** Far beyond `touchMs` and the longest transaction: what a yard believes to be open stays open. */
const closeAfterMs = 60 * 60_000;

/** The one spelling of a set of tags. */
export function spellTags(tags: readonly string[]): string {
  return JSON.stringify([...new Set(tags)].sort());
}

export async function openQueues(parts: { database: Database; clock: Clock }): Promise<Queues> {
  const { database, clock } = parts;
  const db = database.kysely;
  let byId = new Map<number, KnownQueue>();
  let byKey = new Map<string, KnownQueue>();
  let byTeam = new Map<string, KnownQueue[]>();
  let newest = 0;
  let version = 0;

  function keyOf(teamId: string, tags: string): string {
    return `${teamId} ${tags}`;
  }

  function learn(row: { id: number; team_id: string; tags: string; used_at: number }): KnownQueue {
    const known = byId.get(row.id);
    if (known !== undefined) {
      known.usedAt = row.used_at;
      return known;
    }
    const queue = { id: row.id, teamId: row.team_id, tags: JSON.parse(row.tags), usedAt: row.used_at };
    byId.set(queue.id, queue);
    byKey.set(keyOf(queue.teamId, row.tags), queue);
    const ofTeam = byTeam.get(queue.teamId);
    if (ofTeam) ofTeam.push(queue);
    else byTeam.set(queue.teamId, [queue]);
    version++;
    return queue;
  }

  async function refresh(): Promise<boolean> {
    const before = version;
    const rows = await db
      .selectFrom("task_queues")
      .selectAll()
      .where("opened", ">", newest)
      .orderBy("opened")
      .execute();
    for (const row of rows) {
      learn(row);
      newest = Math.max(newest, row.opened ?? 0);
    }
    return version !== before;
  }

  /** Starts again from what is open now. */
  async function reload(): Promise<void> {
    const rows = await db.selectFrom("task_queues").selectAll().where("opened", "is not", null).execute();
    [byId, byKey, byTeam] = [new Map(), new Map(), new Map()];
    version++;
    for (const row of rows) {
      learn(row);
      newest = Math.max(newest, row.opened ?? 0);
    }
  }

  function isFresh(queue: KnownQueue | undefined): boolean {
    return queue !== undefined && clock.now() - queue.usedAt < touchMs;
  }

  async function openAll(keys: readonly { readonly teamId: string; readonly tags: string }[]): Promise<void> {
    const opened = await database.transaction(
      async (trx) => {
        const rows = [];
        for (const { teamId, tags } of keys) rows.push(await openQueue(trx, teamId, tags, clock.now()));
        return rows;
      },
      { exclusive: "task queues" },
    );
    for (const row of opened) learn(row);
  }

  await reload();
  return {
    get version() {
      return version;
    },
    get: (id) => byId.get(id),
    refresh,

    async ensure(keys) {
      const spelled = keys.map(({ teamId, tags }) => ({ teamId, tags: spellTags(tags) }));
      const unsure = new Map(spelled.map((key) => [keyOf(key.teamId, key.tags), key]));
      for (const key of unsure.keys()) if (isFresh(byKey.get(key))) unsure.delete(key);
      if (unsure.size > 0) await openAll([...unsure.values()]);
      return spelled.map(({ teamId, tags }) => byKey.get(keyOf(teamId, tags))!.id);
    },

    fitting({ tags, teams }) {
      const offered = new Set(tags);
      const ids: number[] = [];
      for (const [teamId, role] of teams) {
        if (!isAtLeast(role, "member")) continue;
        for (const queue of byTeam.get(teamId) ?? []) {
          if (queue.tags.every((tag) => offered.has(tag))) ids.push(queue.id);
        }
      }
      return ids;
    },

    async tidy() {
      await database.transaction((trx) => closeUnused(trx, clock.now() - closeAfterMs), { exclusive: "task queues" });
      await reload();
    },

    async forgetTeam(teamId) {
      await db.deleteFrom("task_queues").where("team_id", "=", teamId).execute();
      await reload();
    },
  };
}

async function openQueue(trx: Kysely<Schema>, teamId: string, tags: string, now: number) {
  const row = await trx
    .insertInto("task_queues")
    .values({ team_id: teamId, tags, opened: null, used_at: now })
    .onConflict((conflict) => conflict.columns(["team_id", "tags"]).doUpdateSet({ used_at: now }))
    .returningAll()
    .executeTakeFirstOrThrow();
  if (row.opened !== null) return row;
  const { newest } = await trx
    .selectFrom("task_queues")
    .select((select) => select.fn.max("opened").as("newest"))
    .executeTakeFirstOrThrow();
  await trx
    .updateTable("task_queues")
    .set({ opened: (newest ?? 0) + 1 })
    .where("id", "=", row.id)
    .execute();
  const named: string[] = JSON.parse(tags);
  if (named.length > 0) {
    await trx
      .insertInto("task_queue_tags")
      .values(named.map((tag) => ({ team_id: teamId, tag, queue_id: row.id })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return row;
}

/** The newest stays open: the numbers go on from it. */
async function closeUnused(trx: Kysely<Schema>, unusedSince: number): Promise<void> {
  const isInUse = sql<boolean>`
    exists (select 1 from tasks where tasks.queue_id = task_queues.id and tasks.state = 'ready')
    or task_queues.id in (select queue_id from tasks where worker_uuid is not null)
    or task_queues.id in (select queue_id from tasks where state = 'pending')
    or task_queues.opened = (select max(opened) from task_queues)`;
  await trx
    .updateTable("task_queues")
    .set({ opened: null })
    .where("opened", "is not", null)
    .where("used_at", "<", unusedSince)
    .where(sql<boolean>`not (${isInUse})`)
    .execute();
  await trx
    .deleteFrom("task_queues")
    .where("opened", "is", null)
    .where("used_at", "<", unusedSince)
    .where(sql<boolean>`not exists (select 1 from ended_tasks where ended_tasks.queue_id = task_queues.id)`)
    .execute();
}
