/** The objects that were read or written last, up to a number of bytes. */
import type { ObjectId, StoredObject } from "./object.ts";

export interface ObjectCache {
  get(id: ObjectId): StoredObject | undefined;
  add(id: ObjectId, object: StoredObject): void;
}

/** What the maps and the objects around a payload take. */
const overheadBytes = 200;

export function createObjectCache({ maxBytes }: { maxBytes: number }): ObjectCache {
  /** A map remembers the order of insertion: its first is the one that was not used for longest. */
  const objects = new Map<ObjectId, StoredObject>();
  let bytes = 0;
  const costOf = ({ payload }: StoredObject) => payload.length + overheadBytes;

  function remove(id: ObjectId): void {
    const object = objects.get(id);
    if (object === undefined) return;
    objects.delete(id);
    bytes -= costOf(object);
  }

  return {
    get(id) {
      const object = objects.get(id);
      if (object === undefined) return undefined;
      objects.delete(id);
      objects.set(id, object);
      return object;
    },
    add(id, object) {
      remove(id);
      objects.set(id, object);
      bytes += costOf(object);
      for (const oldest of objects.keys()) {
        if (bytes <= maxBytes) return;
        remove(oldest);
      }
    },
  };
}
