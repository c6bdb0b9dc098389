/** Which team knows which snapshot. A row here is both the right to read it and the reason to keep it: all that a snapshot with a row
 *  reaches is there.
 *
 *  Objects are shared among teams, ids are not: a team gets a row only by saving that very tree (then it had all the bytes in hand), or by
 *  being given it by a team that has one. Objects beneath are reached from a snapshot only, never by an id from outside. So a team that
 *  learns the id of another's snapshot gets what it gets for one that does not exist. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { emptyDirectoryId } from "./directory-page.ts";
import { isObjectId, type ObjectId } from "./object.ts";
import { exclusive } from "./packs.ts";

export interface Roots {
  /** The id as it is written everywhere, of a snapshot that the team may read; it counts as used now.
   *  @throws {YardError} invalid (no id at all), not_found */
  require(teamId: string, id: string): Promise<ObjectId>;
  /** @throws {YardError} unavailable */
  requireAll(trx: Kysely<Schema>, teamId: string, ids: readonly ObjectId[]): Promise<void>;
  add(trx: Kysely<Schema>, teamId: string, id: ObjectId): Promise<void>;
  /** Lets another team read a snapshot. @throws {YardError} not_found */
  share(id: string, teams: { readonly from: string; readonly to: string }): Promise<void>;
}

/** Use is recorded this coarsely, so that reading does not become writing. Collection keeps what was used for far longer. */
const usedResolutionMs = 60_000;

export function createRoots({ database, clock }: { database: Database; clock: Clock }): Roots {
  async function add(trx: Kysely<Schema>, teamId: string, id: ObjectId): Promise<void> {
    if (id === emptyDirectoryId) return;
    const now = clock.now();
    await trx
      .insertInto("snapshot_roots")
      .values({ team_id: teamId, id, created_at: now, used_at: now })
      .onConflict((conflict) => conflict.columns(["team_id", "id"]).doUpdateSet({ used_at: now }))
      .execute();
  }

  async function require(teamId: string, text: string): Promise<ObjectId> {
    if (!isObjectId(text))
      throw new YardError("invalid", "The id of a snapshot has 64 hexadecimal digits.", { field: "id" });
    const id = text.toLowerCase();
    if (id === emptyDirectoryId) return id;
    const now = clock.now();
    const row = await database.kysely
      .selectFrom("snapshot_roots")
      .select("used_at")
      .where("team_id", "=", teamId)
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) throw unknown(id);
    if (row.used_at + usedResolutionMs >= now) return id;
    const { numUpdatedRows } = await database.kysely
      .updateTable("snapshot_roots")
      .set({ used_at: now })
      .where("team_id", "=", teamId)
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw unknown(id); // collected since we looked
    return id;
  }

  async function requireAll(trx: Kysely<Schema>, teamId: string, ids: readonly ObjectId[]): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => id !== emptyDirectoryId);
    if (wanted.length === 0) return;
    const rows = await trx
      .selectFrom("snapshot_roots")
      .select("id")
      .where("team_id", "=", teamId)
      .where("id", "in", wanted)
      .execute();
    if (rows.length < wanted.length)
      throw new YardError("unavailable", "The snapshot that this one is based on was collected meanwhile.");
  }

  return {
    require,
    requireAll,
    add,

    async share(text, { from, to }) {
      const id = await require(from, text);
      await database.transaction(async (trx) => {
        await requireAll(trx, from, [id]); // a collection may have taken it since
        await add(trx, to, id);
      }, exclusive);
    },
  };
}

function unknown(id: ObjectId): YardError {
  return new YardError("not_found", `There is no snapshot ${id}.`, { field: "id" });
}
