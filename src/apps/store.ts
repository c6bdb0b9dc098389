/** The apps that were defined, in the table `apps`. What runs of them is not here: see mirror.ts. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import type { AppRow, Schema } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";
import type { AppDefinition } from "./app.ts";
import { openDefinition, parseSealedDefinition, sealDefinition } from "./definition.ts";
import { createDefinitionCache } from "./definition-cache.ts";
import { createListing } from "./listing.ts";
import type { SecretBox } from "./parts.ts";

export interface StoredApp {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string | null;
  readonly definition: AppDefinition;
  readonly enabled: boolean;
  /** Grows with each replacement; a unit with a lower one is out of date. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The host that runs it: only the yard of that host touches it. */
  readonly hostId: string;
}

/** What a unit is compared with. */
export type AppState = Pick<StoredApp, "id" | "name" | "revision" | "enabled">;

export interface AppStore {
  byName(name: string): Promise<StoredApp | undefined>;
  byId(id: string): Promise<StoredApp | undefined>;
  isTaken(name: string): Promise<boolean>;
  /** By name. Bounded by `mostApps`. What this process has changed is in it; what others changed in the same database is after a second.
   *  An app that has not changed since the last call is the same object. */
  list(): Promise<readonly StoredApp[]>;
  /** Of the apps of one host. */
  states(hostId: string): Promise<readonly AppState[]>;
  /** Gives the apps that were added before there were hosts to tell apart to this one. */
  adopt(hostId: string): Promise<void>;
  /** @throws {YardError} conflict, if the name was taken meanwhile; too_many */
  insert(app: StoredApp): Promise<void>;
  /** @throws {YardError} conflict, if it is no longer at `fromRevision` */
  replace(app: StoredApp, fromRevision: number): Promise<void>;
  setEnabled(id: string, enabled: boolean, at: number): Promise<void>;
  /** @returns whether it was there */
  delete(id: string): Promise<boolean>;
}

export const mostApps = 10_000;
/** More ids than this are asked for in several queries: databases bound the number of values in one. */
const idsPerQuery = 500;

export function createAppStore(kysely: Kysely<Schema>, secrets: SecretBox, clock: Clock): AppStore {
  const findByName = prepareQuery<{ name: string }, AppRow>(kysely, (slot) =>
    kysely.selectFrom("apps").selectAll().where("name", "=", slot("name")),
  );
  const findAll = prepareQuery<Record<never, never>, Omit<AppRow, "definition">>(kysely, () =>
    kysely
      .selectFrom("apps")
      .select(["id", "name", "owner_id", "enabled", "revision", "created_at", "updated_at", "host_id"])
      .orderBy("name")
      .limit(mostApps),
  );
  const definitions = createDefinitionCache();

  function definitionOf({ id, revision, definition }: Pick<AppRow, "id" | "revision" | "definition">): AppDefinition {
    const known = definitions.get(id, revision);
    if (known) return known;
    const opened = openDefinition(parseSealedDefinition(definition, id), id, secrets);
    definitions.keep(id, revision, opened, definition.length);
    return opened;
  }

  async function definitionsOf(rows: readonly Pick<AppRow, "id" | "revision">[]): Promise<Map<string, AppDefinition>> {
    const found = new Map<string, AppDefinition>();
    const missing: string[] = [];
    for (const { id, revision } of rows) {
      const known = definitions.get(id, revision);
      if (known) found.set(id, known);
      else missing.push(id);
    }
    for (let start = 0; start < missing.length; start += idsPerQuery) {
      const read = await kysely
        .selectFrom("apps")
        .select(["id", "revision", "definition"])
        .where("id", "in", missing.slice(start, start + idsPerQuery))
        .execute();
      for (const row of read) found.set(row.id, definitionOf(row));
    }
    return found;
  }

  const fromRow = (row: Omit<AppRow, "definition">, definition: AppDefinition): StoredApp => ({
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    definition,
    enabled: row.enabled === 1,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    hostId: row.host_id ?? "",
  });
  const listing = createListing(clock, async () => {
    const rows = await findAll({});
    const found = await definitionsOf(rows);
    return rows.flatMap((row) => {
      const definition = found.get(row.id); // none: it was deleted between the two queries
      return definition ? fromRow(row, definition) : [];
    });
  });
  const toRow = (app: StoredApp): AppRow => ({
    id: app.id,
    name: app.name,
    owner_id: app.ownerId,
    definition: JSON.stringify(sealDefinition(app.definition, app.id, secrets)),
    enabled: app.enabled ? 1 : 0,
    revision: app.revision,
    created_at: app.createdAt,
    updated_at: app.updatedAt,
    host_id: app.hostId,
  });

  return {
    async byName(name) {
      const [row] = await findByName({ name });
      return row && fromRow(row, definitionOf(row));
    },

    async byId(id) {
      const row = await kysely.selectFrom("apps").selectAll().where("id", "=", id).executeTakeFirst();
      return row && fromRow(row, definitionOf(row));
    },

    async isTaken(name) {
      return (await kysely.selectFrom("apps").select("id").where("name", "=", name).executeTakeFirst()) !== undefined;
    },

    list: listing.get,

    async states(hostId) {
      const rows = await kysely
        .selectFrom("apps")
        .select(["id", "name", "revision", "enabled"])
        .where("host_id", "=", hostId)
        .orderBy("created_at")
        .limit(mostApps)
        .execute();
      return rows.map((row) => ({ ...row, enabled: row.enabled === 1 }));
    },

    async adopt(hostId) {
      await kysely.updateTable("apps").set({ host_id: hostId }).where("host_id", "is", null).execute();
    },

    async insert(app) {
      const { count } = await kysely
        .selectFrom("apps")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow();
      if (count >= mostApps) throw new YardError("too_many", `there are ${mostApps} apps already; remove some first`);
      const result = await kysely
        .insertInto("apps")
        .values(toRow(app))
        .onConflict((conflict) => conflict.column("name").doNothing())
        .executeTakeFirst()
        .catch(refuseWhenFull(app.name))
        .finally(listing.outdate);
      if (result.numInsertedOrUpdatedRows === 0n) throw changedMeanwhile(app.name);
    },

    async replace(app, fromRevision) {
      const { id, created_at: _createdAt, ...changes } = toRow(app);
      const result = await kysely
        .updateTable("apps")
        .set(changes)
        .where("id", "=", id)
        .where("revision", "=", fromRevision)
        .executeTakeFirst()
        .catch(refuseWhenFull(app.name))
        .finally(listing.outdate);
      if (result.numUpdatedRows === 0n) throw changedMeanwhile(app.name);
    },

    async setEnabled(id, enabled, at) {
      await kysely
        .updateTable("apps")
        .set({ enabled: enabled ? 1 : 0, updated_at: at })
        .where("id", "=", id)
        .execute()
        .finally(listing.outdate);
    },

    async delete(id) {
      const deletion = kysely.deleteFrom("apps").where("id", "=", id).executeTakeFirst();
      const { numDeletedRows } = await deletion.finally(listing.outdate);
      definitions.forget(id);
      return numDeletedRows > 0n;
    },
  };
}

function changedMeanwhile(name: string): YardError {
  return new YardError("conflict", `the app ${name} was changed by somebody else meanwhile; look at it and try again`);
}

function refuseWhenFull(name: string): (error: unknown) => never {
  return (error) => {
    throw asStorageError(error, `the app ${name} cannot be saved`);
  };
}
