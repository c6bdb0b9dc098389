/** Opens the room of scripts: the engines, the memories and what collects them, the policy of what scripts may reach. */
import { openTeamId } from "../apis/mcpv8/callers.ts";
import type { Config } from "../config.ts";
import type { Units } from "../hosts/host.ts";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Instances } from "../platform/instances/instances.ts";
import type { Log } from "../platform/log.ts";
import type { Reserve } from "../platform/reserve.ts";
import { every } from "../platform/timers.ts";
import { createRunOnHost } from "../scripts/capabilities/commands/run-on-host.ts";
import { grantsNothing } from "../scripts/capabilities/policy.ts";
import { openPolicyFile } from "../scripts/capabilities/policy-file.ts";
import { createEngineArchive } from "../scripts/engine/engine-archive.ts";
import { openEngines } from "../scripts/engine/engine-builds.ts";
import { createHeapStore } from "../scripts/engine/heap-store.ts";
import { createHeapCollection, type HeapCollection } from "../scripts/heap-collection.ts";
import { createHeapPacks } from "../scripts/heap-packs.ts";
import { createModuleCache, type ModuleCache } from "../scripts/modules/module-cache.ts";
import { openScripts, type Scripts, type ScriptsParts } from "../scripts/scripts.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";

export interface ScriptRoomParts {
  readonly config: Config;
  readonly database: Database;
  readonly instances: Instances;
  readonly bus: Bus<Topics>;
  readonly blobs: BlobStore;
  /** Of the host that runs the programs which scripts may start. */
  readonly units: Units;
  /** What scripts mount. */
  readonly snapshots: Snapshots;
  readonly masterKey: Uint8Array;
  readonly essential: Reserve["essential"];
  readonly clock: Clock;
  readonly log: Log;
  readonly changed?: ScriptsParts["changed"];
}

export interface ScriptRoom extends AsyncDisposable {
  readonly scripts: Scripts;
  /** Of memories that nobody needs any more. */
  readonly heaps: HeapCollection;
}

const trimModulesMs = 10 * 60_000;

/** The engines' processes start with the first script. */
export async function openScriptRoom(parts: ScriptRoomParts): Promise<ScriptRoom> {
  const { config, database, instances, bus, blobs, units, snapshots, masterKey, essential, clock, log } = parts;
  const { engines, maxMemoryMb, maxOutputBytes, heapCacheBytes, ...settings } = config.scripts;
  await using opened = new AsyncDisposableStack();
  const packs = opened.use(createHeapPacks({ database, blobs, clock }));
  const policy = opened.use(await openPolicyFile({ path: config.scripts.policyFile, log }));
  const modules = createModuleCache({ database, blobs, clock });
  opened.use(every(trimModulesMs, () => trimModules(modules, log)));
  const scripts = opened.use(
    await openScripts({
      ...{ database, instances, bus, files: snapshots, essential, log, clock, changed: parts.changed },
      // Whoever needs no token is granted nothing, whatever the policy says.
      policyOf: (teamId) => (teamId === openTeamId ? grantsNothing : policy.current()),
      reach: { modules, runOnHost: createRunOnHost({ units }) },
      // Scripts wait in a queue of their own: the pool's only has to hold those that have their turn.
      engine: openEngines({
        archive: createEngineArchive(blobs),
        size: engines,
        maxQueued: engines * 4,
        maxMemoryMb,
        log,
      }),
      heapStore: createHeapStore({ packs, cacheBytes: heapCacheBytes }),
      teamKey: (teamId) => deriveKey(masterKey, `heaps of ${teamId}`),
      settings: { ...settings, engines, ceilings: { memoryMb: maxMemoryMb, outputBytes: maxOutputBytes } },
    }),
  );
  const heaps = createHeapCollection({ database, blobs, clock, keepUsedMs: config.scripts.heapKeepMs });
  const lifetime = opened.move();
  return { scripts, heaps, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

async function trimModules(modules: ModuleCache, log: Log): Promise<void> {
  try {
    await modules.trim();
  } catch (error) {
    log.error({ err: error }, "modules that were kept could not be deleted; it is tried again later");
  }
}
