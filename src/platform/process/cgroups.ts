/** Limits of a process and all it starts, by control groups: version 1 (a directory per controller) and 2 (one for all).
 *
 *  A process joins its groups by itself before it becomes the program (`joining`): nothing it starts can slip out in between.
 *  @see cgroups(7), and cgroup-v1/ and cgroup-v2.rst of the kernel's admin guide */
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, type YardError } from "../errors.ts";
import { type Controller, controllers, type Hierarchy, placeGroups, readHierarchies } from "./cgroup-hierarchies.ts";
import { applyLimits, type CgroupLimits, limitError } from "./cgroup-limits.ts";

export interface Cgroups {
  /** Whether memory, CPU and process limits can be set here. */
  readonly usable: boolean;
  /** @throws {YardError} precondition, naming what is missing, when a limit cannot be set */
  create(name: string, limits: CgroupLimits): Cgroup;
}

export interface Cgroup {
  readonly directories: readonly string[];
  /** Files into which a process of one thread writes `0` to join. */
  doors(): readonly string[];
  /** Wraps a command so that it joins the group before it becomes `argv`. */
  joining(argv: readonly string[]): string[];
  /** How often the kernel has killed a member because memory ran out. */
  outOfMemoryKills(): number;
  /** Kills who is left and removes the group. */
  remove(): Promise<void>;
}

export function openCgroups(): Cgroups {
  const hierarchies = readHierarchies();
  return {
    usable: controllers.every((controller) => isWritable(hierarchies.get(controller))),
    create(name, limits) {
      const made = new Set<string>();
      try {
        applyLimits(limits, (controller) => {
          const hierarchy = hierarchies.get(controller);
          if (!hierarchy) throw limitError(`this machine has no ${controller} controller`);
          const path = makeGroup(hierarchy, controller, name);
          made.add(path);
          return { path, version: hierarchy.version };
        });
      } catch (error) {
        for (const directory of made) void removeDirectory(directory);
        throw error;
      }
      return openCgroup([...made]);
    },
  };
}

/** @throws {YardError} precondition */
function makeGroup(hierarchy: Hierarchy, controller: Controller, name: string): string {
  try {
    const directory = join(placeGroups(hierarchy, controller), name);
    mkdirSync(directory, { recursive: true });
    return directory;
  } catch (error) {
    throw notMade(hierarchy, controller, error);
  }
}

/** The same, while this thread goes on: all control groups of the machine share one lock, and each new one is some 0.2 ms under it. */
export async function makeGroupAside(hierarchy: Hierarchy, controller: Controller, name: string): Promise<string> {
  try {
    const directory = join(placeGroups(hierarchy, controller), name);
    await mkdir(directory, { recursive: true });
    return directory;
  } catch (error) {
    throw notMade(hierarchy, controller, error);
  }
}

function notMade({ own }: Hierarchy, controller: Controller, error: unknown): YardError {
  return limitError(`no ${controller} group can be made in ${own} (${errnoOf(error)})`, error);
}

// $1 is how many files follow it; writing 0 into one of them means the writer itself.
const joinScript = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"';

/** A group made before, also by an earlier agent, by its directories. */
export function openCgroup(directories: readonly string[]): Cgroup {
  // Both are asked for with each process.
  let known: readonly string[] | undefined;
  let killsFile: string | undefined;
  const doors = () => {
    known ??= directories.map(doorOf);
    return known;
  };
  return {
    directories,
    doors,
    joining: (argv) => ["/bin/sh", "-c", joinScript, "sh", `${directories.length}`, ...doors(), ...argv],
    outOfMemoryKills() {
      killsFile ??= directories
        .flatMap((directory) => ["memory.events", "memory.oom_control"].map((file) => join(directory, file)))
        .find(existsSync);
      const count = killsFile && /^oom_kill (\d+)/m.exec(readIfThere(killsFile))?.[1];
      return Number(count ?? 0);
    },
    async remove() {
      const deadline = performance.now() + 5_000; // the memory of a killed process takes a moment to be given back
      for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
        for (const directory of directories) for (const pid of membersOf(directory)) kill(pid);
        const areGone = await Promise.all(directories.map(removeDirectory));
        if (areGone.every(Boolean) || performance.now() > deadline) return;
        await sleep(pauseMs);
      }
    },
  };
}

/** The list of threads, where there is one (version 1): a thread that moves itself waits for nobody, while moving a process waits until no processor
 *  is in an older state of the kernel's lists any more. Measured for five groups: 0.3 ms, and 14 ms. */
function doorOf(directory: string): string {
  const threads = join(directory, "tasks");
  return existsSync(threads) ? threads : join(directory, "cgroup.procs");
}

function membersOf(directory: string): number[] {
  return readIfThere(join(directory, "cgroup.procs"))
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL"); // a member at this moment, so no stranger
  } catch {
    // ended by itself
  }
}

/** Not at once: all control groups of the machine share one lock. @returns whether it is gone */
async function removeDirectory(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function isWritable(hierarchy: Hierarchy | undefined): boolean {
  try {
    if (!hierarchy) return false;
    accessSync(hierarchy.own, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
