/** Which heaps a team has, and which packs each is read from. */
import type { Kysely, Transaction } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import type { HeapName } from "./engine/pack-store.ts";

/** Transactions that add uses of packs, and those that delete packs without one, run one after the other. */
export const exclusive = { exclusive: "heap packs" };

/** Use is recorded this coarsely, so that reading does not become writing. Collection keeps what was used for far longer. */
export const usedResolutionMs = 60 * 60_000;

/** The heap's own pack, if the team has it. It counts as used from now on: whoever is to refer to it (a tag, an execution, a step) calls this
 *  first, and collection, which looks at the time of use when it deletes, does not take it from under them. */
export async function useHeap(db: Kysely<Schema>, { teamId, id }: HeapName, now: number): Promise<string | undefined> {
  if (!isHeapId(id)) return undefined;
  const row = await db
    .selectFrom("heaps")
    .select(["pack_id", "used_at"])
    .where("team_id", "=", teamId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined || row.used_at + usedResolutionMs >= now) return row?.pack_id;
  const { numUpdatedRows } = await db
    .updateTable("heaps")
    .set({ used_at: now })
    .where("team_id", "=", teamId)
    .where("id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows === 0n ? undefined : row.pack_id; // collected since we looked
}

export interface AddedHeap extends HeapName {
  readonly packId: string;
  readonly sources: readonly string[];
  readonly at: number;
}

/** Their packs must be there. */
export async function addHeaps(trx: Transaction<Schema>, heaps: readonly AddedHeap[]): Promise<void> {
  if (heaps.length === 0) return;
  const added = await trx
    .insertInto("heaps")
    .values(
      heaps.map(({ teamId, id, packId, at }) => ({
        team_id: teamId,
        id,
        pack_id: packId,
        created_at: at,
        used_at: at,
      })),
    )
    .returning(["seq", "pack_id"])
    .execute();
  const sourcesOf = new Map(heaps.map(({ packId, sources }) => [packId, sources]));
  const uses = added.flatMap(({ seq, pack_id: own }) =>
    [own, ...(sourcesOf.get(own) ?? [])].map((packId) => ({ heap_seq: seq, pack_id: packId })),
  );
  await trx.insertInto("heap_uses").values(uses).execute();
}

/** Those of `heaps` that are there already. */
export async function knownHeaps(trx: Transaction<Schema>, heaps: readonly HeapName[]): Promise<ReadonlySet<string>> {
  const rows = await trx
    .selectFrom("heaps")
    .select(["team_id as teamId", "id"])
    .where("team_id", "in", [...new Set(heaps.map(({ teamId }) => teamId))])
    .where("id", "in", [...new Set(heaps.map(({ id }) => id))])
    .execute();
  return new Set(rows.map(heapKey));
}

export function heapKey({ teamId, id }: HeapName): string {
  return `${teamId} ${id}`;
}

function isHeapId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
