/** Versioned file trees: content-addressed, deduplicated, shared by everything that keeps files for a team (docs/snapshots.md).
 *
 *  A snapshot's id is a function of its tree alone: paths, bytes, permissions and link targets. An id that was given out is on the disk, and
 *  stays for as long as collection is told to keep it. Every call names the team it is for: see roots.ts for what a team may read. */
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { loadDirectory } from "./directories.ts";
import { emptyDirectoryId } from "./directory-page.ts";
import { type DirectoryEntry, directoryMode, sizeOf } from "./entry.ts";
import { type Collected, type CollectOptions, collectGarbage } from "./garbage.ts";
import { createLabels, type Labels } from "./labels.ts";
import { type MergeSide, mergeTrees } from "./merge.ts";
import type { MergeConflict } from "./merge-file.ts";
import { isObjectId, type ObjectId } from "./object.ts";
import { createObjectCache } from "./object-cache.ts";
import { createObjectStore } from "./object-store.ts";
import { createObjectWriter } from "./object-writer.ts";
import { createPacks } from "./packs.ts";
import { createRoots } from "./roots.ts";
import { openDirectory } from "./tree-nodes.ts";
import { createTurns } from "./turns.ts";
import { createWorkingTree, type DirectoryListing, type TreeOptions, type WorkingTree } from "./working-tree.ts";

export interface MergeRequest {
  /** Without one everything counts as added by both. */
  readonly base?: string;
  readonly ours: string;
  readonly theirs: string;
  /** Takes this side wherever there would be a conflict. */
  readonly prefer?: MergeSide;
}

export type Merge =
  | { readonly status: "merged"; readonly id: ObjectId }
  | { readonly status: "conflict"; readonly conflicts: readonly MergeConflict[] };

/** @throws {YardError} in every operation that takes an id: invalid (no id at all), not_found (none that the team knows) */
export interface Snapshots {
  readonly emptyId: ObjectId;
  readonly labels: Labels;
  /** A working tree over the snapshot. Nothing is to be closed: what is not saved is gone with it. */
  open(teamId: string, id: string, options?: TreeOptions): Promise<WorkingTree>;
  /** @throws {TreeError} as `WorkingTree.read` */
  readFile(
    teamId: string,
    id: string,
    path: string,
    range?: { readonly offset?: number; readonly length?: number },
  ): Promise<Buffer>;
  /** @throws {TreeError} as `WorkingTree.readdir` */
  list(teamId: string, id: string, path: string): Promise<readonly DirectoryListing[]>;
  /** Two equal ids are their own merge, and are not looked up. @throws {YardError} too_large, for more conflicts than can be reported */
  merge(teamId: string, request: MergeRequest): Promise<Merge>;
  /** Lets another team read a snapshot. */
  share(id: string, teams: { readonly from: string; readonly to: string }): Promise<void>;
  /** Forgets all that a team has: labels, logs and the right to its snapshots. */
  removeTeam(teamId: string): Promise<void>;
  /** One at a time. */
  collectGarbage(options: CollectOptions): Promise<Collected>;
}

export interface SnapshotsParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Of objects in memory. */
  readonly cacheBytes?: number;
}

const defaultCacheBytes = 64 * 1024 ** 2;
/** Collection reads everything once: it is not to push what is in use out of the cache. */
const collectionCacheBytes = 8 * 1024 ** 2;

export function openSnapshots({ database, blobs, clock, cacheBytes = defaultCacheBytes }: SnapshotsParts): Snapshots {
  const packs = createPacks({ database, blobs, clock });
  const cache = createObjectCache({ maxBytes: cacheBytes });
  const stored = createObjectStore({ packs, cache });
  const roots = createRoots({ database, clock });
  const collecting = createTurns();
  const openWriter = () => createObjectWriter({ database, packs, cache, roots, stored });

  async function rootOf(id: ObjectId): Promise<DirectoryEntry> {
    const size = { bytes: 0, entries: 0 };
    for (const [, entry] of await loadDirectory(stored, id)) {
      const added = sizeOf(entry);
      size.bytes += added.bytes;
      size.entries += added.entries;
    }
    return { type: "directory", mode: directoryMode, page: id, ...size };
  }

  const knownRoot = async (teamId: string, id: string) => rootOf(await roots.require(teamId, id));

  async function open(teamId: string, id: string, options: TreeOptions = {}): Promise<WorkingTree> {
    const root = await knownRoot(teamId, id);
    const writer = openWriter();
    let saved = root.page;
    return createWorkingTree({
      ...options,
      root: await openDirectory(stored, root),
      writer,
      async commit({ page }) {
        if (page !== saved) await writer.commit({ teamId, id: page, basedOn: [saved] });
        saved = page;
        return page;
      },
    });
  }

  return {
    emptyId: emptyDirectoryId,
    labels: createLabels({ database, clock }),
    open,
    readFile: async (teamId, id, path, range) => (await open(teamId, id)).read(path, range),
    list: async (teamId, id, path) => (await open(teamId, id)).readdir(path),

    async merge(teamId, { base, ours, theirs, prefer }) {
      if (isObjectId(ours) && ours.toLowerCase() === theirs.toLowerCase())
        return { status: "merged", id: ours.toLowerCase() };
      const sides = {
        base: base === undefined ? undefined : await knownRoot(teamId, base),
        ours: await knownRoot(teamId, ours),
        theirs: await knownRoot(teamId, theirs),
      };
      const writer = openWriter();
      const { merged, conflicts } = await mergeTrees(writer, sides, { prefer });
      if (conflicts.length > 0) return { status: "conflict", conflicts };
      const basedOn = [sides.base, sides.ours, sides.theirs].flatMap((side) => side?.page ?? []);
      await writer.commit({ teamId, id: merged.page, basedOn });
      return { status: "merged", id: merged.page };
    },

    share: (id, teams) => roots.share(id, teams),

    async removeTeam(teamId) {
      await database.transaction(async (trx) => {
        for (const table of ["snapshot_labels", "snapshot_moves", "snapshot_roots"] as const)
          await trx.deleteFrom(table).where("team_id", "=", teamId).execute();
      });
    },

    collectGarbage: (options) =>
      collecting(async () => {
        const ownCache = createObjectCache({ maxBytes: collectionCacheBytes });
        const source = createObjectStore({ packs, cache: ownCache });
        return await collectGarbage({ database, blobs, clock, packs, source }, options);
      }),
  };
}
