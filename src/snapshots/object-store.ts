/** Reading objects, through the cache, many at a time. Every object is checked against its id as it is read from a pack. */
import { YardError } from "../platform/errors.ts";
import type { ObjectId, ObjectKind, StoredObject } from "./object.ts";
import type { ObjectCache } from "./object-cache.ts";
import type { Packs } from "./packs.ts";

export interface ObjectSource {
  /** All of them, in one go where they are not at hand. To be used for what is needed at once: all are held in memory.
   *  @throws {YardError} internal, when one is missing or damaged: what a snapshot names is always there */
  getMany(ids: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, StoredObject>>;
}

/** @throws {YardError} internal, also when it is an object of another kind */
export async function getObject(source: ObjectSource, id: ObjectId, kind: ObjectKind): Promise<Buffer> {
  const object = (await source.getMany([id])).get(id);
  if (object?.kind === kind) return object.payload;
  throw new YardError("internal", `The object ${id} of the snapshot store is not what it is used as.`);
}

/** How often an object is looked up anew that was not where its row said: a collection has moved it meanwhile. */
const lookups = 3;

export function createObjectStore({ packs, cache }: { packs: Packs; cache: ObjectCache }): ObjectSource {
  async function read(ids: readonly ObjectId[], found: Map<ObjectId, StoredObject>): Promise<void> {
    const places = await packs.findPlaces(ids);
    for (const [id, object] of await packs.readFrames(places.values())) {
      cache.add(id, object);
      if (places.has(id)) found.set(id, object);
    }
  }

  return {
    async getMany(ids) {
      const found = new Map<ObjectId, StoredObject>();
      const missing = new Set<ObjectId>();
      for (const id of ids) {
        const cached = cache.get(id);
        if (cached === undefined) missing.add(id);
        else found.set(id, cached);
      }
      for (let lookup = 0; missing.size > 0 && lookup < lookups; lookup++) {
        await read([...missing], found);
        for (const id of found.keys()) missing.delete(id);
      }
      const [lost] = missing;
      if (lost === undefined) return found;
      throw new YardError(
        "internal",
        `The snapshot store lacks the object ${lost}, or it is damaged. Restore the store from a backup.`,
      );
    },
  };
}
