/** For tests of what keeps heaps: real stores, and what has to be true of them at any moment. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { createHeapStore } from "./engine/heap-store.ts";
import type { PackStore } from "./engine/pack-store.ts";
import { blobKey } from "./heap-blobs.ts";
import { createHeapPacks } from "./heap-packs.ts";
import { createHeaps, type Heaps } from "./heaps.ts";

export const dayMs = 86_400_000;
/** Of a pack that becomes a blob. */
export const largeBytes = 300 * 1024;

export interface TestHeaps<TheClock extends Clock = Clock> extends AsyncDisposable {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: TheClock;
  readonly packs: PackStore;
  readonly heaps: Heaps;
}

export async function openTestHeaps<TheClock extends Clock>(
  opening: Promise<Database>,
  clock: TheClock,
): Promise<TestHeaps<TheClock>> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await opening);
  const directory = opened.use(temporaryDirectory());
  const blobs = opened.use(await openFileBlobStore({ directory: directory.path, clock }));
  const packs = opened.use(createHeapPacks({ database, blobs, clock }));
  const store = createHeapStore({ packs, cacheBytes: 0 });
  const heaps = createHeaps({ database, clock, store, teamKey: () => new Uint8Array(32) });
  const lifetime = opened.move();
  return { database, blobs, clock, packs, heaps, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** A pack of no meaning. @returns its id */
export async function putHeap(
  packs: PackStore,
  heap: { readonly teamId: string; readonly id: string },
  { sources = [], bytes = 10 }: { sources?: readonly string[]; bytes?: number } = {},
): Promise<string> {
  const id = randomBytes(16).toString("hex");
  await packs.put(heap, { id, bytes: randomBytes(bytes), sources });
  return id;
}

/** Every heap can be read, no pack is there for nothing, and every blob is known. @returns the heaps that are there, as `team id` */
export async function requireSound({
  database,
  blobs,
  packs,
}: Omit<TestHeaps, "clock" | "heaps" | keyof AsyncDisposable>) {
  const db = database.kysely;
  const uses = await db
    .selectFrom("heap_uses")
    .innerJoin("heaps", "heaps.seq", "heap_uses.heap_seq")
    .select(["team_id", "heaps.id", "heaps.pack_id as own", "heap_uses.pack_id as pack"])
    .execute();
  for (const pack of new Set(uses.map((use) => use.pack))) assert.ok((await packs.get(pack)).length > 0);
  const heaps = await db.selectFrom("heaps").select(["team_id", "id"]).orderBy("team_id").orderBy("id").execute();
  const names = heaps.map(({ team_id, id }) => `${team_id} ${id}`);
  assert.deepEqual(
    [...new Set(uses.filter(({ own, pack }) => own === pack).map(({ team_id, id }) => `${team_id} ${id}`))].sort(),
    names,
    "every heap uses its own pack",
  );
  const stored = await db.selectFrom("heap_packs").select("id").orderBy("id").execute();
  assert.deepEqual(
    stored.map(({ id }) => id),
    [...new Set(uses.map(({ pack }) => pack))].sort(),
    "packs are those that heaps are read from",
  );
  const large = await db.selectFrom("heap_packs").select("id").where("bytes", "is", null).execute();
  const loose = await db.selectFrom("heap_blobs").select("pack_id as id").execute();
  const known = new Set([...large, ...loose].map(({ id }) => blobKey(id)));
  const kept = await blobs.list("heaps/", { limit: 1_000 });
  assert.deepEqual(
    kept.map(({ key }) => key).filter((key) => !known.has(key)),
    [],
    "every blob is known",
  );
  return names;
}
