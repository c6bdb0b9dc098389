/** Collects heaps that nobody can come back for. A heap is kept while an execution that is kept made or used it, a step of a session names it, it has a
 *  tag, or it was used lately. Its packs go with it, except those that other heaps are read from: `heap_uses` counts for each pack.
 *
 *  Rows decide, in one transaction for each part: heaps, uses, tags and packs go together, or stay. Against what happens at the same moment:
 *  - **who saves** adds a heap with its uses in a transaction that is exclusive of ours (heap-rows.ts), and looks there whether the packs
 *    it was stored against are still there; if not, it is stored in full.
 *  - **who resumes, tags or records** calls `useHeap` first; deleting looks at the time of use once more, in the statement that deletes.
 *
 *  Killed at any point, the next pass goes on from what is there. */
import type { ExpressionBuilder, Transaction } from "kysely";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { deleteDoomedBlobs, doomBlobs } from "./heap-blobs.ts";
import { exclusive, usedResolutionMs } from "./heap-rows.ts";

export interface HeapCollection {
  /** Looks at a bounded number of heaps, where the pass before has stopped. @returns how many were deleted */
  pass(): Promise<{ readonly heaps: number; readonly packs: number }>;
}

export interface HeapCollectionParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** A heap is kept for this long after it was last used, in milliseconds. */
  readonly keepUsedMs: number;
  /** Heaps that a pass looks at. */
  readonly mostPerPass?: number;
}

/** In one transaction: a few milliseconds. */
const heapsTogether = 200;
const defaultMostPerPass = 20_000;

export function createHeapCollection(parts: HeapCollectionParts): HeapCollection {
  const { database, blobs, clock, mostPerPass = defaultMostPerPass } = parts;
  // Shorter, and what a script is about to resume might go.
  const keepUsedMs = Math.max(parts.keepUsedMs, 2 * usedResolutionMs);
  let lookedAt = 0;

  return {
    async pass() {
      const deleted = { heaps: 0, packs: 0 };
      for (let left = mostPerPass; left > 0; ) {
        const unusedSince = clock.now() - keepUsedMs;
        const part = await nextPart(database, lookedAt, Math.min(left, heapsTogether));
        lookedAt = part?.last ?? 0; // from the beginning, the next time
        if (part === undefined) break;
        left -= part.heaps;
        const { heaps, packs } = await database.transaction(async (trx) => {
          const seqs = await unreachable(trx, part, unusedSince);
          return await deleteHeaps(trx, seqs, { unusedSince, at: clock.now() });
        }, exclusive);
        deleted.heaps += heaps;
        deleted.packs += packs;
      }
      await deleteDoomedBlobs(database.kysely, blobs, clock.now());
      return deleted;
    },
  };
}

/** All heaps of a team, whatever keeps them, a part at a time. Their blobs go with the next pass of the collection. */
export async function forgetHeapsOf(database: Database, teamId: string, clock: Clock): Promise<void> {
  for (;;) {
    const { heaps } = await database.transaction(async (trx) => {
      const rows = await trx
        .selectFrom("heaps")
        .select("seq")
        .where("team_id", "=", teamId)
        .limit(heapsTogether)
        .execute();
      const seqs = rows.map(({ seq }) => seq);
      return await deleteHeaps(trx, seqs, { unusedSince: Number.MAX_SAFE_INTEGER, at: clock.now() });
    }, exclusive);
    if (heaps === 0) return;
  }
}

interface Part {
  readonly first: number;
  readonly last: number;
  readonly heaps: number;
}

async function nextPart({ kysely }: Database, after: number, limit: number): Promise<Part | undefined> {
  const rows = await kysely
    .selectFrom("heaps")
    .select("seq")
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  const [first, last] = [rows.at(0), rows.at(-1)];
  return first && last && { first: first.seq, last: last.seq, heaps: rows.length };
}

async function unreachable(
  trx: Transaction<Schema>,
  { first, last }: Part,
  unusedSince: number,
): Promise<readonly number[]> {
  const rows = await trx
    .selectFrom("heaps")
    .select("seq")
    .where("seq", ">=", first)
    .where("seq", "<=", last)
    .where("used_at", "<", unusedSince)
    .where((heap) => heap.not(heap.or([isTagged(heap), isOfExecution(heap), isOfStep(heap)])))
    .execute();
  return rows.map(({ seq }) => seq);
}

type OfHeap = ExpressionBuilder<Schema, "heaps">;

function isTagged({ exists, selectFrom }: OfHeap) {
  const tags = selectFrom("heap_tags").select("heap_tags.key").whereRef("heap_tags.team_id", "=", "heaps.team_id");
  return exists(tags.whereRef("heap_tags.heap_id", "=", "heaps.id"));
}

function isOfExecution({ exists, or, selectFrom }: OfHeap) {
  const made = selectFrom("executions").select("executions.id").whereRef("executions.team_id", "=", "heaps.team_id");
  return or([
    exists(made.whereRef("executions.heap_out", "=", "heaps.id")),
    exists(made.whereRef("executions.heap_in", "=", "heaps.id")),
  ]);
}

function isOfStep({ exists, or, selectFrom }: OfHeap) {
  const steps = selectFrom("script_steps").select("seq").whereRef("script_steps.team_id", "=", "heaps.team_id");
  return or([
    exists(steps.whereRef("script_steps.heap_out", "=", "heaps.id")),
    exists(steps.whereRef("script_steps.heap_in", "=", "heaps.id")),
  ]);
}

/** With their tags and uses (on delete cascade), and the packs that no other heap is read from. */
async function deleteHeaps(
  trx: Transaction<Schema>,
  seqs: readonly number[],
  { unusedSince, at }: { readonly unusedSince: number; readonly at: number },
): Promise<{ heaps: number; packs: number }> {
  if (seqs.length === 0) return { heaps: 0, packs: 0 };
  const uses = await trx
    .selectFrom("heap_uses")
    .select("pack_id")
    .distinct()
    .where("heap_seq", "in", [...seqs])
    .execute();
  const { numDeletedRows } = await trx
    .deleteFrom("heaps")
    .where("seq", "in", [...seqs])
    .where("used_at", "<", unusedSince) // once more: using a heap does not wait for us
    .executeTakeFirst();
  const packs = await deleteUnused(
    trx,
    uses.map(({ pack_id }) => pack_id),
    at,
  );
  return { heaps: Number(numDeletedRows), packs };
}

async function deleteUnused(trx: Transaction<Schema>, packIds: readonly string[], at: number): Promise<number> {
  const unused = trx
    .selectFrom("heap_packs")
    .where("id", "in", [...packIds])
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("heap_uses").select("heap_seq").whereRef("heap_uses.pack_id", "=", "heap_packs.id"))),
    );
  const rows = await unused.select("id").execute();
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const blobs = await unused.select("id").where("bytes", "is", null).execute();
  await trx.deleteFrom("heap_packs").where("id", "in", ids).execute();
  await doomBlobs(
    trx,
    blobs.map(({ id }) => id),
    at,
  );
  return ids.length;
}
