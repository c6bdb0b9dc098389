/** Opens the room of scripts: the engines, the memories and what collects them, the policy of what scripts may reach. */
import { openTeamId } from "../apis/mcpv8/callers.ts";
import type { Config } from "../config.ts";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Log } from "../platform/log.ts";
import type { Reserve } from "../platform/reserve.ts";
import { grantsNothing } from "../scripts/capabilities/policy.ts";
import { openPolicyFile } from "../scripts/capabilities/policy-file.ts";
import { openEnginePool } from "../scripts/engine/engine-pool.ts";
import { createHeapStore } from "../scripts/engine/heap-store.ts";
import { createHeapCollection, type HeapCollection } from "../scripts/heap-collection.ts";
import { createHeapPacks } from "../scripts/heap-packs.ts";
import { openScripts, type Scripts } from "../scripts/scripts.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

export interface ScriptRoomParts {
  readonly config: Config;
  readonly database: Database;
  readonly blobs: BlobStore;
  /** What scripts mount. */
  readonly snapshots: Snapshots;
  readonly masterKey: Uint8Array;
  readonly essential: Reserve["essential"];
  readonly clock: Clock;
  readonly log: Log;
}

export interface ScriptRoom extends AsyncDisposable {
  readonly scripts: Scripts;
  /** Of memories that nobody needs any more. */
  readonly heaps: HeapCollection;
}

/** The engines' processes start with the first script. */
export async function openScriptRoom(parts: ScriptRoomParts): Promise<ScriptRoom> {
  const { config, database, blobs, snapshots, masterKey, essential, clock, log } = parts;
  const { engines, maxMemoryMb, maxOutputBytes, heapCacheBytes, ...settings } = config.scripts;
  await using opened = new AsyncDisposableStack();
  const packs = opened.use(createHeapPacks({ database, blobs, clock }));
  const policy = opened.use(await openPolicyFile({ path: config.scripts.policyFile, log }));
  const scripts = opened.use(
    await openScripts({
      ...{ database, files: snapshots, essential, log, clock },
      // Whoever needs no token is granted nothing, whatever the policy says.
      policyOf: (teamId) => (teamId === openTeamId ? grantsNothing : policy.current()),
      // Scripts wait in a queue of their own: the pool's only has to hold those that have their turn.
      engine: openEnginePool({ size: engines, maxQueued: engines * 4, maxMemoryMb, log }),
      heapStore: createHeapStore({ packs, cacheBytes: heapCacheBytes }),
      teamKey: (teamId) => deriveKey(masterKey, `heaps of ${teamId}`),
      settings: { ...settings, engines, ceilings: { memoryMb: maxMemoryMb, outputBytes: maxOutputBytes } },
    }),
  );
  const heaps = createHeapCollection({ database, blobs, clock, keepUsedMs: config.scripts.heapKeepMs });
  const lifetime = opened.move();
  return { scripts, heaps, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
