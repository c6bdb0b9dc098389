/** Workers as users see and command them. A team's role in a worker says what the team may do with it, the user's role in the team whether the user may
 *  on its behalf: who is `admin` of a team that is `admin` of the worker commands it; `member` in both is enough to say what it is (tags, labels). */
import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { isAtLeast, requireRole } from "./access.ts";
import type { Leases } from "./leases.ts";
import type { TaskSignals } from "./signals.ts";
import type { TaskCaller, TeamRole } from "./task.ts";
import { checkLabels, checkTags, limits } from "./task-limits.ts";
import { newWorkerCredential } from "./worker-credentials.ts";
import { putTeams, readWorkers } from "./worker-rows.ts";
import type { Worker, WorkerFilter, Workers, WorkerTeams } from "./workers.ts";

export interface WorkerRegistryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly now: SharedTime;
  readonly leases: Leases;
  readonly signals: TaskSignals;
}

export type WorkerRegistry = Pick<
  Workers,
  | "register"
  | "get"
  | "find"
  | "count"
  | "setTags"
  | "setLabels"
  | "setTeams"
  | "removeTeams"
  | "shutDown"
  | "shutDownMatching"
  | "shutDownAll"
>;

const longestLifetimeMs = 10 * 365 * 86_400_000;
const leasesMs = { min: 100, max: 24 * 3_600_000 };

export function createWorkerRegistry(parts: WorkerRegistryParts): WorkerRegistry {
  const { database, clock, now, leases, signals } = parts;
  const db = database.kysely;

  /** @throws {YardError} not_found: to somebody who has nothing to do with it, it does not exist */
  async function get(caller: TaskCaller, uuid: string): Promise<Worker> {
    const [worker] = await readWorkers(db, [uuid.toLowerCase()]);
    if (worker === undefined) throw noSuchWorker(uuid);
    const isSeen = worker.creator.userId === caller.userId || sharesTeam(caller, worker);
    if (!isSeen) throw noSuchWorker(uuid, "team");
    return worker;
  }

  /** @throws {YardError} not_found, forbidden */
  async function getCommanded(caller: TaskCaller, uuid: string, needed: TeamRole = "admin"): Promise<Worker> {
    const worker = await get(caller, uuid);
    if (commands(caller, worker, needed)) return worker;
    throw new YardError(
      "forbidden",
      `That takes the role ${needed} in a team which has the role ${needed} on the worker.`,
      { field: "worker" },
    );
  }

  /** @throws {YardError} not_found, when it is gone by now */
  async function change(
    uuid: string,
    work: (trx: Kysely<Schema>) => Promise<void>,
    set: { tags?: string; labels?: string; state?: Worker["state"] } = {},
  ): Promise<void> {
    await database.transaction(
      async (trx) => {
        const changed = await trx
          .updateTable("task_workers")
          .set({ ...set, updated_at: now(), revision: sql`revision + 1` })
          .where("uuid", "=", uuid)
          .returning("uuid")
          .executeTakeFirst();
        if (changed === undefined) throw noSuchWorker(uuid);
        await work(trx);
      },
      { rowLocks: true },
    );
    signals.workersChanged([uuid]);
  }

  const nothingElse = async () => {};

  async function end(worker: Worker, force: boolean): Promise<void> {
    if (force) {
      await leases.remove(worker.uuid);
      return;
    }
    // Marked first: it takes no more, so if it holds nothing now it never will.
    await change(worker.uuid, nothingElse, { state: "draining" }).catch(ignoreGone);
    await leases.removeDrained([worker.uuid]);
  }

  async function matching({ team, roles, tags = [], labels = [], creator }: WorkerFilter): Promise<readonly Worker[]> {
    const rows = await db
      .selectFrom("task_worker_teams")
      .select("worker_uuid")
      .where("team_id", "=", team.id)
      .$if(roles !== undefined, (query) => query.where("role", "in", roles!))
      .limit(limits.listed)
      .execute();
    const workers = await readWorkers(
      db,
      rows.map((row) => row.worker_uuid),
    );
    return workers.filter(
      (worker) =>
        tags.every((tag) => worker.tags.includes(tag)) &&
        labels.every((label) => worker.labels.includes(label)) &&
        (creator === undefined || worker.creator.username === creator),
    );
  }

  return {
    get,

    async register(caller, worker) {
      checkTags(worker.tags);
      checkLabels(worker.labels);
      requireWithin("lifetimeMs", worker.lifetimeMs, { min: 1, max: longestLifetimeMs });
      requireWithin("leaseMs", worker.leaseMs, leasesMs);
      requireOwnTeams(caller, worker.teams);
      const personal = await db
        .selectFrom("teams")
        .select("id")
        .where("personal_of", "=", caller.userId)
        .executeTakeFirst();
      const teams = new Map(worker.teams);
      if (personal) teams.set(personal.id, "admin");
      const uuid = randomUUID();
      const { credential, hash } = newWorkerCredential();
      await database.transaction(
        async (trx) => {
          await trx
            .insertInto("task_workers")
            .values({
              ...{ uuid, creator_id: caller.userId, creator_name: caller.username, credential_hash: hash },
              expires_at: clock.now() + worker.lifetimeMs,
              ...{ tags: distinct(worker.tags), labels: distinct(worker.labels), state: "normal", revision: 1 },
              ...{ lease_ms: worker.leaseMs, lease_until: sql<number>`${now()} + ${worker.leaseMs}` },
              ...{ heard_at: now(), created_at: now(), updated_at: now() },
            })
            .execute();
          await putTeams(trx, uuid, teams);
        },
        { rowLocks: true },
      );
      return { worker: { id: uuid, uuid }, credential };
    },

    async find(caller, filter) {
      requireRole(caller, filter.team, "viewer");
      return await matching(filter);
    },

    async count(caller, filter) {
      requireRole(caller, filter.team, "viewer");
      return (await matching(filter)).length;
    },

    async setTags(caller, uuid, tags) {
      checkTags(tags);
      const worker = await getCommanded(caller, uuid, "member");
      await change(worker.uuid, nothingElse, { tags: distinct(tags) });
    },

    async setLabels(caller, uuid, labels) {
      checkLabels(labels);
      const worker = await getCommanded(caller, uuid, "member");
      await change(worker.uuid, nothingElse, { labels: distinct(labels) });
    },

    async setTeams(caller, uuid, teams) {
      const worker = await getCommanded(caller, uuid);
      requireOwnTeams(caller, teams);
      await change(worker.uuid, (trx) => putTeams(trx, worker.uuid, teams));
    },

    async removeTeams(caller, uuid, teamIds) {
      const worker = await getCommanded(caller, uuid);
      if (teamIds.length === 0) return;
      await change(worker.uuid, async (trx) => {
        await trx
          .deleteFrom("task_worker_teams")
          .where("worker_uuid", "=", worker.uuid)
          .where("team_id", "in", teamIds)
          .execute();
      });
    },

    async shutDown(caller, uuid, { force, byAdmin = false }) {
      const worker = byAdmin ? (await readWorkers(db, [uuid.toLowerCase()]))[0] : await getCommanded(caller, uuid);
      if (worker === undefined) throw noSuchWorker(uuid);
      await end(worker, force);
    },

    async shutDownMatching(caller, filter, { force }) {
      requireRole(caller, filter.team, "admin");
      const workers = (await matching(filter)).filter(({ teams }) => isAtLeast(teams.get(filter.team.id), "admin"));
      for (const worker of workers) await end(worker, force);
      return workers.length;
    },

    async shutDownAll(caller, uuids, { force }) {
      const known = await readWorkers(
        db,
        uuids.map((uuid) => uuid.toLowerCase()),
      );
      const commanded = new Map(
        known.filter((worker) => commands(caller, worker)).map((worker) => [worker.uuid, worker]),
      );
      for (const worker of commanded.values()) await end(worker, force);
      return { count: commanded.size, failed: uuids.filter((uuid) => !commanded.has(uuid.toLowerCase())) };
    },
  };
}

function sharesTeam(caller: TaskCaller, worker: Worker | undefined): boolean {
  return [...(worker?.teams.keys() ?? [])].some((teamId) => caller.teams.has(teamId));
}

function commands(caller: TaskCaller, { teams }: Worker, needed: TeamRole = "admin"): boolean {
  return [...teams].some(([teamId, role]) => isAtLeast(role, needed) && isAtLeast(caller.teams.get(teamId), needed));
}

/** A worker sees all of the tasks it is given: only who may submit to a team may let a worker serve it.
 *  @throws {YardError} not_found, forbidden, invalid */
function requireOwnTeams(caller: TaskCaller, teams: WorkerTeams): void {
  if (teams.size > limits.teamsPerWorker) {
    throw new YardError("invalid", `A worker can serve ${limits.teamsPerWorker} teams.`, { field: "teams" });
  }
  for (const teamId of teams.keys()) requireRole(caller, { id: teamId, name: "that name" }, "member");
}

function requireWithin(field: string, value: number, { min, max }: { min: number; max: number }): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new YardError("invalid", `${field} must be from ${min} to ${max} milliseconds.`, { field });
}

function distinct(words: readonly string[]): string {
  return JSON.stringify([...new Set(words)]);
}

/** @param field `team` for a worker that the caller's teams have nothing to do with */
function noSuchWorker(uuid: string, field: "worker" | "team" = "worker"): YardError {
  return new YardError("not_found", `There is no worker ${JSON.stringify(uuid.slice(0, 80))}.`, { field });
}

/** Whoever was to be ended has gone by itself. */
function ignoreGone(error: unknown): void {
  if (!isYardError(error, "not_found")) throw error;
}
