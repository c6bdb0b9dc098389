/** Packs: blobs that hold the frames of many objects, and the tables that know which object lies in which frame.
 *
 *  A pack is announced in `snapshot_packs` before its blob is made, and its objects become known with one commit when the blob is on the
 *  disk. So at every moment, and after every crash, a blob without its row is garbage, and so is an announced one that has grown old. */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Kysely } from "kysely";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { decodeFrame, encodeFrame, groupIntoFrames } from "./frame.ts";
import type { ObjectId, StoredObject } from "./object.ts";

/** Two transactions of this name never run side by side, over all replicas: what is saved against what is collected. */
export const exclusive = { exclusive: "snapshots" } as const;

/** Keys of the blob store that are ours. */
export const packPrefix = "snapshots/";
export const packKey = (packId: string) => `${packPrefix}${packId}`;

/** Values in one statement: SQLite takes 32,766 parameters. */
export const rowsPerStatement = 1_000;

export interface ObjectPlace {
  readonly pack_id: string;
  readonly position: number;
  readonly bytes: number;
}

export interface WrittenPack {
  readonly packId: string;
  readonly places: ReadonlyMap<ObjectId, ObjectPlace & { readonly size: number }>;
}

export interface Packs {
  /** Writes a pack; it is on the disk then, but holds nothing yet: see `register`. */
  write(objects: ReadonlyMap<ObjectId, StoredObject>): Promise<WrittenPack>;
  /** Makes the objects of the pack known, but for those that are already. @throws {YardError} unavailable, if the pack was collected meanwhile */
  register(trx: Kysely<Schema>, pack: WrittenPack): Promise<void>;
  /** Which of these are stored. */
  findPlaces(ids: readonly ObjectId[], trx?: Kysely<Schema>): Promise<ReadonlyMap<ObjectId, ObjectPlace>>;
  /** All objects of the frames at these places. Frames that have gone meanwhile are left out. */
  readFrames(places: Iterable<ObjectPlace>): Promise<ReadonlyMap<ObjectId, StoredObject>>;
}

export function createPacks({ database, blobs, clock }: { database: Database; blobs: BlobStore; clock: Clock }): Packs {
  const db = database.kysely;

  async function readFrame({ pack_id, position, bytes }: ObjectPlace) {
    try {
      const { stream } = await blobs.get(packKey(pack_id), { range: { offset: position, length: bytes } });
      return await decodeFrame(await buffer(stream));
    } catch (error) {
      if (isYardError(error, "not_found")) return undefined;
      throw error;
    }
  }

  return {
    async write(objects) {
      const packId = newId("pack", clock.now());
      const places = new Map<ObjectId, ObjectPlace & { size: number }>();
      const frames: Buffer[] = [];
      let position = 0;
      for (const group of groupIntoFrames([...objects].map(([id, object]) => ({ id, object })))) {
        const frame = await encodeFrame(group.map(({ object }) => object));
        for (const { id, object } of group)
          places.set(id, { pack_id: packId, position, bytes: frame.length, size: object.payload.length });
        frames.push(frame);
        position += frame.length;
      }
      const size = [...objects.values()].reduce((sum, { payload }) => sum + payload.length, 0);
      const row = { id: packId, state: "announced" as const, bytes: position, size, created_at: clock.now() };
      await db.insertInto("snapshot_packs").values(row).execute();
      await blobs.put(packKey(packId), Readable.from(frames));
      return { packId, places };
    },

    async register(trx, { packId, places }) {
      const { numUpdatedRows } = await trx
        .updateTable("snapshot_packs")
        .set({ state: "stored" })
        .where("id", "=", packId)
        .where("state", "=", "announced")
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw new YardError("unavailable", "Saving the snapshot took too long. Try again.");
      const rows = [...places].map(([id, place]) => ({ id, ...place }));
      for (const part of inParts(rows)) {
        await trx
          .insertInto("snapshot_objects")
          .values(part)
          .onConflict((conflict) => conflict.column("id").doNothing())
          .execute();
      }
    },

    async findPlaces(ids, trx = db) {
      const places = new Map<ObjectId, ObjectPlace>();
      for (const part of inParts(ids)) {
        const rows = await trx
          .selectFrom("snapshot_objects")
          .select(["id", "pack_id", "position", "bytes"])
          .where("id", "in", part)
          .execute();
        for (const { id, ...place } of rows) places.set(id, place);
      }
      return places;
    },

    async readFrames(places) {
      const distinct = new Map([...places].map((place) => [`${place.pack_id} ${place.position}`, place]));
      const objects = new Map<ObjectId, StoredObject>();
      for (const place of distinct.values())
        for (const [id, object] of (await readFrame(place)) ?? []) objects.set(id, object);
      return objects;
    },
  };
}

export function* inParts<T>(items: readonly T[], size = rowsPerStatement): Generator<readonly T[]> {
  for (let begin = 0; begin < items.length; begin += size) yield items.slice(begin, begin + size);
}
