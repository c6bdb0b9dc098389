/** Engines of the build that is installed, and of those that older memories were saved by. A memory stays with the build that it began with, however
 *  long its chain becomes: there is no way from one engine's memory to another's. */
import type { EngineArchive } from "./engine-archive.ts";
import { type EngineBundle, installedEngine } from "./engine-bundle.ts";
import { type EnginePool, type EnginePoolOptions, openEnginePool } from "./engine-pool.ts";

export interface EnginesOptions extends Omit<EnginePoolOptions, "engineFor" | "idleMs"> {
  readonly archive: EngineArchive;
  /** What fresh starts run in. Default: that of the installed package. */
  readonly installed?: EngineBundle;
}

/** Processes of older builds: after an upgrade there may be as much to do for them as for the new one, later hardly anything. */
const idleMs = 5 * 60_000;

export function openEngines({ archive, ...options }: EnginesOptions): EnginePool {
  let read = options.installed;
  const installed = (): EngineBundle => {
    read ??= installedEngine(); // once: the package may be upgraded while we run
    return read;
  };
  const current = openEnginePool({ ...options, engineFor: async () => installed() });
  const older = openEnginePool({ ...options, engineFor: (build) => archive.find(build!), idleMs });

  return {
    async execute(request) {
      if (request.heap !== undefined && request.heap.build !== installed().build) return await older.execute(request);
      const outcome = await current.execute(request);
      if (outcome.heap !== undefined) await archive.keep(installed());
      return outcome;
    },
    base: () => current.base(),
    usage() {
      const [now, before] = [current.usage(), older.usage()];
      return {
        running: now.running + before.running,
        queued: now.queued + before.queued,
        pids: [...now.pids, ...before.pids],
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([current[Symbol.asyncDispose](), older[Symbol.asyncDispose]()]);
    },
  };
}
