/** Writing one snapshot: collects its new objects and stores those that are not there yet, then makes the snapshot known, all at once.
 *
 *  What keeps this safe against a collection that runs at the same time: the last transaction checks that all that the snapshot reuses is
 *  still there. What it takes over from snapshots it is based on is there as long as those are known; what it found stored already, by
 *  content, is looked up once more, and written after all if it has gone. */
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { type ObjectId, objectIdOf, type StoredObject } from "./object.ts";
import type { ObjectCache } from "./object-cache.ts";
import type { ObjectSource } from "./object-store.ts";
import { exclusive, type Packs, type WrittenPack } from "./packs.ts";
import { referencesOf } from "./references.ts";
import type { Roots } from "./roots.ts";

export interface ObjectWriter {
  put(object: StoredObject): Promise<ObjectId>;
  /** What is stored, and what was put and is not stored yet. */
  readonly source: ObjectSource;
  /** Resolves when the snapshot and all it holds are on the disk. The writer can be used on, for the next one.
   *  `basedOn` are the snapshots that objects were taken over from without putting them
   *  @throws {YardError} unavailable, when one of those was collected meanwhile; storage_full */
  commit(snapshot: NewSnapshot): Promise<void>;
}

export interface NewSnapshot {
  readonly teamId: string;
  readonly id: ObjectId;
  readonly basedOn: readonly ObjectId[];
}

interface Reached {
  readonly pending: Map<ObjectId, StoredObject>;
  readonly early: Set<ObjectId>;
}

interface Written {
  /** Undefined when there was nothing to write. */
  readonly pack: WrittenPack | undefined;
  /** What was stored already. */
  readonly reused: readonly ObjectId[];
}

/** More than this is not held in memory: it goes to the disk before the snapshot is complete. If it never is, that is garbage. */
const mostPendingBytes = 16 * 1024 ** 2;
/** Each time but the last, a collection has taken something between looking and committing. */
const attempts = 3;

export interface ObjectWriterParts {
  readonly database: Database;
  readonly packs: Packs;
  readonly cache: ObjectCache;
  readonly roots: Roots;
  readonly stored: ObjectSource;
}

export function createObjectWriter({ database, packs, cache, roots, stored }: ObjectWriterParts): ObjectWriter {
  const pending = new Map<ObjectId, StoredObject>();
  let pendingBytes = 0;
  /** Stored before their snapshot was complete, with what they name. */
  const early = new Map<ObjectId, readonly ObjectId[]>();

  /** What was put for this snapshot. Other things were, too: for a save that failed, or for a file that is still being written. */
  function reachedFrom(root: ObjectId): Reached {
    const reached: Reached = { pending: new Map(), early: new Set() };
    for (let ahead = [root], id = ahead.pop(); id !== undefined; id = ahead.pop()) {
      if (reached.pending.has(id) || reached.early.has(id)) continue;
      const object = pending.get(id);
      if (object !== undefined) reached.pending.set(id, object);
      else if (early.has(id)) reached.early.add(id);
      ahead.push(...(object === undefined ? (early.get(id) ?? []) : referencesOf(object)));
    }
    return reached;
  }

  async function writeMissing(objects: ReadonlyMap<ObjectId, StoredObject>): Promise<Written> {
    const places = await packs.findPlaces([...objects.keys()]);
    const missing = new Map([...objects].filter(([id]) => !places.has(id)));
    return { pack: missing.size > 0 ? await packs.write(missing) : undefined, reused: [...places.keys()] };
  }

  function forgetPending(objects: ReadonlyMap<ObjectId, StoredObject>): void {
    for (const [id, object] of objects) {
      cache.add(id, object);
      pending.delete(id);
      pendingBytes -= object.payload.length;
    }
  }

  async function spill(): Promise<void> {
    const objects = new Map(pending);
    const { pack } = await writeMissing(objects);
    if (pack !== undefined) await database.transaction((trx) => packs.register(trx, pack), exclusive);
    for (const [id, object] of objects) early.set(id, referencesOf(object));
    forgetPending(objects);
  }

  /** @returns whether all that is reused was there */
  async function tryCommit({ teamId, id, basedOn }: NewSnapshot, reached: Reached): Promise<boolean> {
    const { pack, reused } = await writeMissing(reached.pending);
    return await database.transaction(async (trx) => {
      await roots.requireAll(trx, teamId, basedOn);
      if (!(await hasAll(trx, packs, [...reached.early]))) throw collected();
      if (!(await hasAll(trx, packs, reused))) return false;
      if (pack !== undefined) await packs.register(trx, pack);
      await roots.add(trx, teamId, id);
      return true;
    }, exclusive);
  }

  return {
    async put(object) {
      const id = objectIdOf(object);
      if (pending.has(id) || early.has(id)) return id;
      pending.set(id, object);
      pendingBytes += object.payload.length;
      if (pendingBytes > mostPendingBytes) await spill();
      return id;
    },
    source: {
      async getMany(ids) {
        const objects = await stored.getMany(ids.filter((id) => !pending.has(id)));
        return new Map([...objects, ...ids.flatMap((id) => asEntry(id, pending.get(id)))]);
      },
    },
    async commit(snapshot) {
      const reached = reachedFrom(snapshot.id);
      for (let attempt = 0; attempt < attempts; attempt++) {
        if (!(await tryCommit(snapshot, reached))) continue;
        forgetPending(reached.pending);
        for (const id of reached.early) early.delete(id);
        return;
      }
      throw collected();
    },
  };
}

function asEntry(id: ObjectId, object: StoredObject | undefined): [ObjectId, StoredObject][] {
  return object === undefined ? [] : [[id, object]];
}

async function hasAll(trx: Kysely<Schema>, packs: Packs, ids: readonly ObjectId[]): Promise<boolean> {
  return ids.length === 0 || (await packs.findPlaces(ids, trx)).size === ids.length;
}

function collected(): YardError {
  return new YardError(
    "unavailable",
    "Something that the snapshot is made of was collected as garbage meanwhile. Try again.",
  );
}
