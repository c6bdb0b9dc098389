/** The memories that scripts leave: each team's own, resumed by id. */
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { HeapImage } from "./engine/heap-image.ts";
import type { HeapStore, HeapTeam } from "./engine/heap-store.ts";
import type { StagedHeap } from "./engine/pack-store.ts";
import { useHeap } from "./heap-rows.ts";
import {
  findByTags,
  removeTags,
  replaceTags,
  requireRoomForTags,
  requireTags,
  type Tags,
  tagsOf,
} from "./heap-tags.ts";

export interface Heaps {
  /** Whether the team has it. If so, it is there for at least an hour from now. */
  use(teamId: string, id: string): Promise<boolean>;
  /** Of an unknown heap: none. */
  tags(teamId: string, id: string): Promise<Tags>;
  /** In place of those it has. @throws {YardError} not_found, invalid, too_many */
  setTags(teamId: string, id: string, tags: Tags): Promise<void>;
  /** @param keys none: all of them */
  removeTags(teamId: string, id: string, keys?: readonly string[]): Promise<void>;
  /** Those that have all of these tags, the newest first. */
  findByTags(teamId: string, tags: Tags): Promise<readonly { readonly heap: string; readonly tags: Tags }[]>;
  /** One that the team has. @throws {YardError} precondition: it is lost, damaged, or not what this team has stored */
  load(teamId: string, id: string): Promise<HeapImage>;
  /** Makes it ready to be stored by whoever commits it, with whatever else that commit holds. It is the team's from then on.
   *  @param parent what it came from
   *  @returns undefined if the team has it already */
  stage(teamId: string, image: HeapImage, parent: HeapImage): Promise<UnsavedHeap | undefined>;
}

export interface UnsavedHeap {
  /** Has it stored by `commit`, which may be called a second time, with more to store: where something was collected meanwhile that it was to be read
   *  from. */
  save(commit: (heap: StagedHeap) => Promise<void>): Promise<void>;
}

export interface HeapsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: HeapStore;
  /** 32 bytes of the team's own: what another team, or nobody, has written does not load. */
  teamKey(teamId: string): Uint8Array;
}

const mostFound = 1_000;

export function createHeaps({ database, clock, store, teamKey }: HeapsParts): Heaps {
  const db = database.kysely;
  const teamOf = (teamId: string): HeapTeam => ({ id: teamId, key: teamKey(teamId) });
  return {
    use: async (teamId, id) => (await useHeap(db, { teamId, id }, clock.now())) !== undefined,
    tags: (teamId, heapId) => tagsOf(db, { teamId, heapId }),
    async setTags(teamId, heapId, tags) {
      requireTags(tags);
      await database.transaction(async (trx) => {
        if ((await useHeap(trx, { teamId, id: heapId }, clock.now())) === undefined) throw unknown(heapId);
        await requireRoomForTags(trx, teamId, tags, { except: heapId });
        await replaceTags(trx, { teamId, heapId, tags });
      });
    },
    removeTags: (teamId, heapId, keys) => removeTags(db, { teamId, heapId, keys }),
    async findByTags(teamId, tags) {
      requireTags(tags);
      return await findByTags(db, { teamId, tags, limit: mostFound });
    },
    async load(teamId, id) {
      try {
        return await store.load(id, { team: teamOf(teamId) });
      } catch (error) {
        if (!isYardError(error, "not_found")) throw error;
        throw new YardError("precondition", `The heap ${id} is lost: its store does not have it.`, { cause: error });
      }
    },
    async stage(teamId, image, parent) {
      const team = teamOf(teamId);
      const staged = await store.stage(image, { team, parent });
      return staged && { save: (commit) => saveStaged(staged, commit, () => store.stage(image, { team })) };
    },
  };
}

async function saveStaged(
  staged: StagedHeap,
  commit: (heap: StagedHeap) => Promise<void>,
  stageWhole: () => Promise<StagedHeap | undefined>,
): Promise<void> {
  try {
    return await commit(staged);
  } catch (error) {
    if (!isYardError(error, "conflict")) throw error;
  }
  // Where somebody else has stored it since, it is committed as one that is there already.
  await commit((await stageWhole()) ?? staged);
}

function unknown(id: string): YardError {
  return new YardError("not_found", `There is no heap ${JSON.stringify(id.slice(0, 80))}.`, { field: "heap" });
}
