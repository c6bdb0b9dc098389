/** Tags of heaps: names and values by which a team finds its saved memories again. */
import type { Kysely, Transaction } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";

export type Tags = Readonly<Record<string, string>>;

const mostTags = 64;
/** Of all heaps of a team: what has a tag is kept for good. */
export const mostTeamTags = 100_000;
const mostNameBytes = 256;
const mostValueBytes = 4_096;

/** @throws {YardError} invalid */
export function requireTags(tags: Tags): void {
  const entries = Object.entries(tags);
  const fault =
    entries.length > mostTags
      ? `A heap has at most ${mostTags} tags.`
      : entries.some(([name]) => name === "" || Buffer.byteLength(name) > mostNameBytes || !isStorable(name))
        ? `The name of a tag has 1 to ${mostNameBytes} bytes, and no NUL.`
        : entries.some(([, value]) => Buffer.byteLength(value) > mostValueBytes || !isStorable(value))
          ? `The value of a tag has at most ${mostValueBytes} bytes, and no NUL.`
          : undefined;
  if (fault !== undefined) throw new YardError("invalid", fault, { field: "tags" });
}

/** @param heap whose tags do not count, as they are replaced
 *  @throws {YardError} too_many */
export async function requireRoomForTags(
  db: Kysely<Schema>,
  teamId: string,
  tags: Tags,
  { except }: { readonly except?: string } = {},
): Promise<void> {
  const added = Object.keys(tags).length;
  if (added === 0) return;
  const all = db.selectFrom("heap_tags").where("team_id", "=", teamId);
  const { count } = await (except === undefined ? all : all.where("heap_id", "!=", except))
    .select((select) => select.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count + added <= mostTeamTags) return;
  const message = `The heaps of a team have at most ${mostTeamTags} tags together, and these have ${count}. Remove those that are not needed any more.`;
  throw new YardError("too_many", message, { field: "tags" });
}

/** By both databases, as it is. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

interface OfHeap {
  readonly teamId: string;
  readonly heapId: string;
}

export async function tagsOf(db: Kysely<Schema>, { teamId, heapId }: OfHeap): Promise<Tags> {
  const rows = await db
    .selectFrom("heap_tags")
    .select(["key", "value"])
    .where("team_id", "=", teamId)
    .where("heap_id", "=", heapId)
    .orderBy("key")
    .execute();
  return toTags(rows);
}

export async function replaceTags(
  trx: Transaction<Schema>,
  { teamId, heapId, tags }: OfHeap & { readonly tags: Tags },
): Promise<void> {
  await removeTags(trx, { teamId, heapId });
  const rows = Object.entries(tags).map(([key, value]) => ({ team_id: teamId, heap_id: heapId, key, value }));
  if (rows.length > 0) await trx.insertInto("heap_tags").values(rows).execute();
}

/** @param keys none: all of them */
export async function removeTags(
  db: Kysely<Schema>,
  { teamId, heapId, keys }: OfHeap & { readonly keys?: readonly string[] },
): Promise<void> {
  const all = db.deleteFrom("heap_tags").where("team_id", "=", teamId).where("heap_id", "=", heapId);
  if (keys === undefined) await all.execute();
  else if (keys.length > 0) await all.where("key", "in", [...keys]).execute();
}

/** Heaps that have all of these tags, the newest first. Those without any tag are never found. */
export async function findByTags(
  db: Kysely<Schema>,
  { teamId, tags, limit }: { readonly teamId: string; readonly tags: Tags; readonly limit: number },
): Promise<readonly { readonly heap: string; readonly tags: Tags }[]> {
  const tagged = db.selectFrom("heap_tags").select("heap_id").where("team_id", "=", teamId);
  let query = db.selectFrom("heaps").select("id").where("team_id", "=", teamId).where("id", "in", tagged);
  for (const [key, value] of Object.entries(tags))
    query = query.where("id", "in", tagged.where("key", "=", key).where("value", "=", value));
  const heaps = await query.orderBy("created_at", "desc").orderBy("id").limit(limit).execute();
  if (heaps.length === 0) return [];
  const ids = heaps.map(({ id }) => id);
  const rows = await db
    .selectFrom("heap_tags")
    .select(["heap_id", "key", "value"])
    .where("team_id", "=", teamId)
    .where("heap_id", "in", ids)
    .orderBy("key")
    .execute();
  const byHeap = Map.groupBy(rows, (row) => row.heap_id);
  return ids.map((heap) => ({ heap, tags: toTags(byHeap.get(heap) ?? []) }));
}

/** A tag may be called `__proto__`: `fromEntries` makes it a property like any other. */
function toTags(rows: readonly { readonly key: string; readonly value: string }[]): Tags {
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}
