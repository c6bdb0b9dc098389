/** The table of capsules.
 *
 *  A capsule that is made, or changes its status, is committed, and not waited for on the disk (`Database.unsynced`): whoever is told of it has its audit entry written first, which
 *  takes it along. So one wait for the disk serves the intent, what came of it, its event and its entry. A power failure before that is one in the middle of the request: what
 *  the host has and the table lacks, or the other way round, the next comparison puts right (reconcile.ts). */
import type { Insertable, Selectable, Transaction } from "kysely";
import type { CapsuleRow, Schema } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";
import { isAlive } from "./alive.ts";
import type { Capsule, CapsuleStatus } from "./capsule.ts";
import { finalStatuses, leadingTo } from "./moves.ts";
import type { CapsuleParts, CapsuleQuota } from "./parts.ts";

export type CapsuleChanges = Partial<Pick<Capsule, "startedAt" | "lastActiveAt" | "reason">>;

export interface CapsuleStore {
  /** @throws {YardError} too_many (`field`: what there is too much of), storage_full; then there is no row */
  insert(capsule: Capsule, quota: CapsuleQuota): Promise<void>;
  get(id: string): Promise<Capsule | undefined>;
  /** Newest first, without those that are final. */
  ofTeam(teamId: string): Promise<readonly Capsule[]>;
  /** Without those that are final. */
  onHost(hostId: string): Promise<readonly Capsule[]>;
  /** Running ones on these hosts. */
  running(hostIds: readonly string[]): Promise<readonly Pick<Capsule, "id" | "hostId" | "vcpus">[]>;
  /** Running ones on these hosts which have been idle for too long at `now`, and have been let be since `since`: at most `limit`. */
  idle(hostIds: readonly string[], times: { now: number; since: number; limit: number }): Promise<readonly Capsule[]>;
  /** @param from those that lead there, if absent. @returns as it is then; undefined, if it was in none of these */
  move(
    id: string,
    to: CapsuleStatus,
    changes?: CapsuleChanges,
    from?: readonly CapsuleStatus[],
  ): Promise<Capsule | undefined>;
  /** Something has happened in them. */
  touch(ids: readonly string[], at: number): Promise<void>;
  /** Hosts other than these that have capsules which are thought to be running. */
  hostsBeside(hostIds: readonly string[]): Promise<readonly string[]>;
  /** Forgets those that have been final since before then. */
  forget(before: number): Promise<void>;
}

/** More in one query are asked for in several: databases bound the number of values. */
const perQuery = 500;
const thoughtRunning = ["running", "starting"] as const satisfies readonly CapsuleStatus[];

export function createCapsuleStore({
  database,
  clock,
  changed = () => {},
}: Pick<CapsuleParts, "database" | "clock" | "changed">): CapsuleStore {
  const db = database.kysely;
  const alive = () => db.selectFrom("capsules").selectAll().where(isAlive);

  return {
    async insert(capsule, quota) {
      const insert = async (transaction: Transaction<Schema>) => {
        await requireRoom(transaction, capsule, quota);
        await transaction.insertInto("capsules").values(rowOf(capsule)).execute();
      };
      try {
        // One at a time for each team, or two would each take the last place.
        await database.transaction(insert, { exclusive: `capsules of ${capsule.teamId}`, unsynced: true });
      } catch (error) {
        throw asStorageError(error, "the capsule cannot be made");
      }
      changed(capsule, "added");
    },

    async get(id) {
      const row = await db.selectFrom("capsules").selectAll().where("id", "=", id).executeTakeFirst();
      return row && capsuleOf(row);
    },
    async ofTeam(teamId) {
      return (await alive().where("team_id", "=", teamId).orderBy("id", "desc").execute()).map(capsuleOf);
    },
    async onHost(hostId) {
      return (await alive().where("host_id", "=", hostId).execute()).map(capsuleOf);
    },
    async running(hostIds) {
      if (hostIds.length === 0) return [];
      return db
        .selectFrom("capsules")
        .select(["id", "host_id as hostId", "vcpus"])
        .where("host_id", "in", hostIds)
        .where("status", "=", "running")
        .execute();
    },

    async idle(hostIds, { now, since, limit }) {
      if (hostIds.length === 0) return [];
      const rows = await db
        .selectFrom("capsules")
        .selectAll()
        .where("host_id", "in", hostIds)
        .where("status", "=", "running")
        .where("idle_timeout_seconds", ">", 0)
        .where(({ eb, ref }) =>
          eb("last_active_at", "<", eb(eb.val(now), "-", eb(ref("idle_timeout_seconds"), "*", 1_000))),
        )
        .where(({ eb, ref }) =>
          eb(eb.val(since), "<", eb(eb.val(now), "-", eb(ref("idle_timeout_seconds"), "*", 1_000))),
        )
        .limit(limit)
        .execute();
      return rows.map(capsuleOf);
    },

    async move(id, to, changes = {}, from = leadingTo(to)) {
      if (from.length === 0) return undefined;
      const { startedAt, lastActiveAt, reason } = changes;
      const row = await database.unsynced
        .updateTable("capsules")
        .set({ status: to, updated_at: clock.now(), reason: reason ?? null })
        .$if(startedAt !== undefined, (query) => query.set({ started_at: startedAt! }))
        .$if(lastActiveAt !== undefined, (query) => query.set({ last_active_at: lastActiveAt! }))
        .where("id", "=", id)
        .where("status", "in", from)
        .returningAll()
        .executeTakeFirst();
      const moved = row && capsuleOf(row);
      if (moved) changed(moved, "changed");
      return moved;
    },

    async touch(ids, at) {
      for (let start = 0; start < ids.length; start += perQuery) {
        await database.unsynced
          .updateTable("capsules")
          .set({ last_active_at: at })
          .where("id", "in", ids.slice(start, start + perQuery))
          .where("status", "=", "running")
          .execute();
      }
    },

    async hostsBeside(hostIds) {
      const rows = await db
        .selectFrom("capsules")
        .select("host_id")
        .distinct()
        .where("status", "in", thoughtRunning)
        .$if(hostIds.length > 0, (query) => query.where("host_id", "not in", hostIds))
        .execute();
      return rows.map((row) => row.host_id);
    },

    async forget(before) {
      await db.deleteFrom("capsules").where("status", "in", finalStatuses).where("updated_at", "<", before).execute();
    },
  };
}

/** @throws {YardError} too_many */
async function requireRoom(
  transaction: Transaction<Schema>,
  { teamId, vcpus, memoryMb }: Capsule,
  quota: CapsuleQuota,
): Promise<void> {
  const used = await transaction
    .selectFrom("capsules")
    .select(({ fn }) => [
      fn.countAll<number>().as("capsules"),
      fn.sum<number | null>("vcpus").as("vcpus"),
      fn.sum<number | null>("memory_mb").as("memoryMb"),
    ])
    .where("team_id", "=", teamId)
    .where(isAlive)
    .executeTakeFirstOrThrow();
  const asked = { capsules: 1, vcpus, memoryMb };
  const names = { capsules: "capsules", vcpus: "vcpus", memoryMb: "MiB of memory" };
  for (const what of ["capsules", "vcpus", "memoryMb"] as const) {
    const [most, has] = [quota[what], Number(used[what] ?? 0)];
    if (most === 0 || has + asked[what] <= most) continue;
    const message = `The team's capsules may have ${most} ${names[what]} in all. They have ${has}, and this one asks for ${asked[what]}: destroy one that is not needed, paused ones count too.`;
    throw new YardError("too_many", message, { field: what });
  }
}

function rowOf(capsule: Capsule): Insertable<CapsuleRow> {
  return {
    id: capsule.id,
    team_id: capsule.teamId,
    status: capsule.status,
    template: capsule.template,
    vcpus: capsule.vcpus,
    memory_mb: capsule.memoryMb,
    disk_mb: capsule.diskMb,
    idle_timeout_seconds: capsule.idleTimeoutSeconds,
    driver: capsule.driver,
    host_id: capsule.hostId,
    keeps: capsule.keeps,
    created_at: capsule.createdAt,
    updated_at: capsule.updatedAt,
    started_at: capsule.startedAt ?? null,
    last_active_at: capsule.lastActiveAt ?? null,
    reason: capsule.reason ?? null,
  };
}

export function capsuleOf(row: Selectable<CapsuleRow>): Capsule {
  return {
    id: row.id,
    teamId: row.team_id,
    status: row.status,
    template: row.template,
    vcpus: row.vcpus,
    memoryMb: row.memory_mb,
    diskMb: row.disk_mb,
    idleTimeoutSeconds: row.idle_timeout_seconds,
    driver: row.driver,
    hostId: row.host_id,
    keeps: row.keeps,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    startedAt: row.started_at ?? undefined,
    lastActiveAt: row.last_active_at ?? undefined,
    reason: row.reason ?? undefined,
  };
}
