/** The modules that were fetched before, by address. Their texts are blobs, named by the SHA-256 of what they hold; what an address has led to is
 *  a row, one for each content: the newest counts, the others go with their age.
 *
 *  A row is there before its blob and goes after it, so that no blob is ever without one. A row without its blob, or with one that is not what
 *  it says, is as good as none: the module is fetched again. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { ScriptModuleRow } from "../../platform/db/schema.ts";
import { isYardError } from "../../platform/errors.ts";

export interface CachedModule {
  /** Where it came from in the end. */
  readonly url: URL;
  readonly isJson: boolean;
  readonly content: Buffer;
}

export interface ModuleCache {
  /** @param url as it was asked for */
  find(url: URL): Promise<CachedModule | undefined>;
  keep(url: URL, module: CachedModule): Promise<void>;
  /** Deletes what is too old, or too much. */
  trim(): Promise<void>;
}

export interface ModuleCacheLimits {
  readonly maxBytes: number;
  readonly maxModules: number;
  /** From when it was fetched: an address without a version leads to something new some day. */
  readonly maxAgeMs: number;
}

export const usualModuleCacheLimits: ModuleCacheLimits = {
  maxBytes: 512 * 1024 ** 2,
  maxModules: 20_000,
  maxAgeMs: 7 * 24 * 3_600_000,
};

/** How much later a use is written down: a read that is one write less. */
const usedStepMs = 3_600_000;
const trimmedAtOnce = 200;
const trimmed = ["url_sha256", "sha256", "bytes", "fetched_at"] as const;
type Row = Pick<ScriptModuleRow, (typeof trimmed)[number]>;

export function createModuleCache({
  database,
  blobs,
  clock,
  limits = usualModuleCacheLimits,
}: {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly limits?: ModuleCacheLimits;
}): ModuleCache {
  const db = database.kysely;

  async function contentOf(sha256: string): Promise<Buffer | undefined> {
    try {
      const content = await buffer((await blobs.get(blobKey(sha256))).stream);
      return sha256Of(content) === sha256 ? content : undefined;
    } catch (error) {
      if (isYardError(error, "not_found")) return undefined;
      throw error;
    }
  }

  async function tooOld(): Promise<readonly Row[]> {
    return await db
      .selectFrom("script_modules")
      .select(trimmed)
      .where("fetched_at", "<", clock.now() - limits.maxAgeMs)
      .limit(trimmedAtOnce)
      .execute();
  }

  /** Beyond the limits, from the least recently used on. */
  async function tooMuch(): Promise<readonly Row[]> {
    const { bytes, count } = await db
      .selectFrom("script_modules")
      .select(({ fn }) => [fn.sum<number | null>("bytes").as("bytes"), fn.countAll<number>().as("count")])
      .executeTakeFirstOrThrow();
    let overBytes = (bytes ?? 0) - limits.maxBytes;
    let overCount = count - limits.maxModules;
    if (overBytes <= 0 && overCount <= 0) return [];
    const oldest = await db
      .selectFrom("script_modules")
      .select(trimmed)
      .orderBy("used_at")
      .limit(trimmedAtOnce)
      .execute();
    return oldest.filter((row) => {
      const isOver = overBytes > 0 || overCount > 0;
      overBytes -= row.bytes;
      overCount--;
      return isOver;
    });
  }

  async function remove(row: Row): Promise<void> {
    const sharing = await db
      .selectFrom("script_modules")
      .select("url_sha256")
      .where("sha256", "=", row.sha256)
      .where("url_sha256", "!=", row.url_sha256)
      .limit(1)
      .executeTakeFirst();
    if (sharing === undefined) await blobs.delete(blobKey(row.sha256));
    await db
      .deleteFrom("script_modules")
      .where("url_sha256", "=", row.url_sha256)
      .where("sha256", "=", row.sha256)
      .where("fetched_at", "=", row.fetched_at) // one that was fetched again meanwhile stays
      .execute();
  }

  return {
    async find(url) {
      const key = sha256Of(url.href);
      const now = clock.now();
      const row = await db
        .selectFrom("script_modules")
        .selectAll()
        .where("url_sha256", "=", key)
        .where("fetched_at", ">=", now - limits.maxAgeMs)
        .orderBy("fetched_at", "desc")
        .limit(1)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const content = await contentOf(row.sha256);
      if (content === undefined) return undefined;
      if (row.used_at < now - usedStepMs)
        await db.updateTable("script_modules").set({ used_at: now }).where("url_sha256", "=", key).execute();
      return { url: new URL(row.found_at), isJson: row.is_json === 1, content };
    },

    async keep(url, { url: foundAt, isJson, content }) {
      const sha256 = sha256Of(content);
      const now = clock.now();
      const found = { found_at: foundAt.href, is_json: isJson ? 1 : 0, fetched_at: now, used_at: now };
      await db
        .insertInto("script_modules")
        .values({ url_sha256: sha256Of(url.href), sha256, bytes: content.length, ...found })
        .onConflict((conflict) => conflict.columns(["url_sha256", "sha256"]).doUpdateSet(found))
        .execute();
      await blobs.put(blobKey(sha256), onceOver(content));
    },

    async trim() {
      for (const surplus of [tooOld, tooMuch])
        for (let rows = await surplus(); rows.length > 0; rows = await surplus())
          for (const row of rows) await remove(row);
    },
  };
}

function blobKey(sha256: string): string {
  return `modules/${sha256}`;
}

async function* onceOver(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
