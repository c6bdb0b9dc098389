/** What each team has running, looked at every ten seconds and kept for 60 days. Most looks find what the one before has found: these share a row, so a
 *  team whose capsules do not change for a day has one row of it, not 8,640. */
import type { Kysely, Transaction } from "kysely";
import type { Database } from "../../platform/db/database.ts";
import type { CapsuleLoadRow, Schema } from "../../platform/db/schema.ts";
import { every } from "../../platform/timers.ts";
import { isAlive } from "../alive.ts";
import type { CapsuleParts } from "../parts.ts";

export interface Load {
  readonly running: number;
  readonly vcpus: number;
  readonly memoryMb: number;
}

/** The same in all looks from the first to the last, `lookMs` apart. */
export interface Loads extends Load {
  readonly firstAt: number;
  readonly lastAt: number;
}

export const nothingRuns: Load = { running: 0, vcpus: 0, memoryMb: 0 };
export const lookMs = 10_000;
/** A look is late by no more than this. */
const checkMs = 500;
const keepMs = 60 * 86_400_000;
/** Missing looks of a machine that was out of breath; after more of them a new row begins. */
const mostMissed = 3;
const forgetEvery = 360;

export interface TeamLoads extends AsyncDisposable {
  /** Now. */
  current(teamId: string): Promise<Load>;
  /** Those that reach beyond `since`, oldest first. */
  since(teamId: string, since: number): Promise<readonly Loads[]>;
  clearTeam(teamId: string): Promise<void>;
}

export function openTeamLoads({ database, clock, log }: Pick<CapsuleParts, "database" | "clock" | "log">): TeamLoads {
  const db = database.kysely;
  let looks = 0;
  let lastAt = Math.floor(clock.now() / lookMs) * lookMs; // that time is over: what runs now did not run then

  async function look(): Promise<void> {
    const at = Math.floor(clock.now() / lookMs) * lookMs;
    if (at === lastAt) return;
    lastAt = at;
    try {
      await lookAtLoads(database, at);
      if (looks++ % forgetEvery === 0)
        await db
          .deleteFrom("capsule_load_history")
          .where("last_at", "<", at - keepMs)
          .execute();
    } catch (error) {
      log.warn({ err: error }, "what teams have running could not be written down");
    }
  }

  function rowsOf(table: "capsule_loads" | "capsule_load_history", teamId: string, since: number) {
    const rows = db.selectFrom(table).selectAll().where("team_id", "=", teamId).where("last_at", ">=", since);
    return rows.orderBy("first_at").execute();
  }

  const timer = every(checkMs, look);
  return {
    current: async (teamId) => (await readLoads(db, teamId)).get(teamId) ?? nothingRuns,

    async since(teamId, since) {
      const rows = [
        ...(await rowsOf("capsule_load_history", teamId, since)),
        ...(await rowsOf("capsule_loads", teamId, since)),
      ];
      return rows.map((row) => ({
        ...{ running: row.running, vcpus: row.vcpus, memoryMb: row.memory_mb },
        ...{ firstAt: row.first_at, lastAt: row.last_at },
      }));
    },

    async clearTeam(teamId) {
      await db.deleteFrom("capsule_loads").where("team_id", "=", teamId).execute();
      await db.deleteFrom("capsule_load_history").where("team_id", "=", teamId).execute();
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}

/** Of the teams that have capsules which are not over. A paused one holds its memory in part: half of it is counted. */
async function readLoads(from: Kysely<Schema>, teamId?: string): Promise<Map<string, Load>> {
  const rows = await from
    .selectFrom("capsules")
    .select(({ fn, eb, lit }) => {
      const runs = eb("status", "in", ["running", "starting"]);
      const ofRunning = (value: "vcpus" | "memory_mb") => eb.case().when(runs).then(eb.ref(value)).else(lit(0)).end();
      const half = eb(eb.parens("memory_mb", "+", lit(1)), "/", lit(2));
      const ofPaused = eb.case().when("status", "=", "paused").then(half).else(lit(0)).end();
      return [
        "team_id",
        fn.sum<number>(eb.case().when(runs).then(lit(1)).else(lit(0)).end()).as("running"),
        fn.sum<number>(ofRunning("vcpus")).as("vcpus"),
        fn.sum<number>(eb(ofRunning("memory_mb"), "+", ofPaused)).as("memoryMb"),
      ];
    })
    .where(isAlive)
    .$if(teamId !== undefined, (query) => query.where("team_id", "=", teamId!))
    .groupBy("team_id")
    .execute();
  return new Map(rows.map(({ team_id, ...load }) => [team_id, load]));
}

/** Looks at all teams and writes down what it finds. Of several yards, the first that comes does it. @param at a multiple of `lookMs` */
export async function lookAtLoads(database: Pick<Database, "transaction">, at: number): Promise<void> {
  await database.transaction((transaction) => look(transaction, at), { exclusive: "capsule loads" });
}

async function look(transaction: Transaction<Schema>, at: number): Promise<void> {
  const known = await transaction.selectFrom("capsule_loads").selectAll().execute();
  if (known.some(({ last_at }) => last_at >= at)) return;
  const found = await readLoads(transaction);
  const goingOn: string[] = [];
  for (const teamId of new Set([...found.keys(), ...known.map(({ team_id }) => team_id)])) {
    const now = rowOf(teamId, found.get(teamId) ?? nothingRuns, at);
    const before = known.find(({ team_id }) => team_id === teamId);
    if (before && goesOn(before, now)) goingOn.push(teamId);
    else await begin(transaction, now, before);
  }
  if (goingOn.length > 0) {
    // Whose row is older has begun anew above, and has this time already.
    const since = at - mostMissed * lookMs;
    await transaction.updateTable("capsule_loads").set({ last_at: at }).where("last_at", ">=", since).execute();
  }
}

async function begin(transaction: Transaction<Schema>, now: CapsuleLoadRow, before?: CapsuleLoadRow): Promise<void> {
  if (before) await transaction.insertInto("capsule_load_history").values(before).execute();
  await transaction
    .insertInto("capsule_loads")
    .values(now)
    .onConflict((conflict) => conflict.column("team_id").doUpdateSet(now))
    .execute();
}

function rowOf(team_id: string, { running, vcpus, memoryMb: memory_mb }: Load, at: number): CapsuleLoadRow {
  return { team_id, running, vcpus, memory_mb, first_at: at, last_at: at };
}

function goesOn(before: CapsuleLoadRow, now: CapsuleLoadRow): boolean {
  const isSame = before.running === now.running && before.vcpus === now.vcpus && before.memory_mb === now.memory_mb;
  return isSame && now.first_at - before.last_at <= mostMissed * lookMs;
}
