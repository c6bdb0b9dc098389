/** Limits of a process and all it starts, by control groups: version 1 (a directory per controller) and 2 (one for all).
 *
 *  A process joins its groups by itself before it becomes the program (`joining`): nothing it starts can slip out in between.
 *  @see cgroups(7), and cgroup-v1/ and cgroup-v2.rst of the kernel's admin guide */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, YardError } from "../errors.ts";
import { type Controller, controllers, type Hierarchy, placeGroups, readHierarchies } from "./cgroup-hierarchies.ts";

export interface CgroupLimits {
  readonly memoryBytes?: number;
  readonly memoryAndSwapBytes?: number;
  /** 1024 is one share. */
  readonly cpuShares?: number;
  readonly cpus?: number;
  readonly processes?: number;
}

export interface Cgroups {
  /** Whether memory, CPU and process limits can be set here. */
  readonly usable: boolean;
  /** @throws {YardError} precondition, naming what is missing, when a limit cannot be set */
  create(name: string, limits: CgroupLimits): Cgroup;
}

export interface Cgroup {
  readonly directories: readonly string[];
  /** Wraps a command so that it joins the group before it becomes `argv`. */
  joining(argv: readonly string[]): string[];
  /** How often the kernel has killed a member because memory ran out. */
  outOfMemoryKills(): number;
  /** Kills who is left and removes the group. */
  remove(): Promise<void>;
}

const cpuPeriodUs = 100_000;

export function openCgroups(): Cgroups {
  const hierarchies = readHierarchies();
  return {
    usable: controllers.every((controller) => isWritable(hierarchies.get(controller))),
    create(name, limits) {
      const made = new Set<string>();
      try {
        for (const [controller, settings] of settingsOf(limits)) {
          const hierarchy = hierarchies.get(controller);
          if (!hierarchy) throw missing(`this machine has no ${controller} controller`);
          const directory = makeGroup(hierarchy, controller, name);
          made.add(directory);
          for (const setting of settings) apply(setting, directory, hierarchy.version);
        }
      } catch (error) {
        for (const directory of made) removeDirectory(directory);
        throw error;
      }
      return openCgroup([...made]);
    },
  };
}

/** A file of the group in each version, and what to write into it. */
interface Setting {
  readonly v1: string;
  readonly v2: string;
  readonly v1Value: string;
  readonly v2Value: string;
  readonly what: string;
}

function settingsOf(limits: CgroupLimits): Map<Controller, Setting[]> {
  const { memoryBytes, memoryAndSwapBytes, cpuShares, cpus, processes } = limits;
  const settings = new Map<Controller, Setting[]>();
  const add = (controller: Controller, what: string, v1: [string, string], v2: [string, string]) => {
    const setting = { what, v1: v1[0], v1Value: v1[1], v2: v2[0], v2Value: v2[1] };
    settings.set(controller, [...(settings.get(controller) ?? []), setting]);
  };
  const memory = memoryBytes ?? memoryAndSwapBytes; // v1 refuses a memory-and-swap limit below that of memory alone
  if (memory !== undefined) {
    add("memory", "memoryBytes", ["memory.limit_in_bytes", `${memory}`], ["memory.max", `${memory}`]);
  }
  if (memory !== undefined && memoryAndSwapBytes !== undefined) {
    const swap = Math.max(0, memoryAndSwapBytes - memory);
    const both = `${Math.max(memory, memoryAndSwapBytes)}`;
    add("memory", "memoryAndSwapBytes", ["memory.memsw.limit_in_bytes", both], ["memory.swap.max", `${swap}`]);
  }
  if (cpuShares !== undefined) {
    // The scale of v2 is 1 to 10000; this is the mapping that container engines use for v1's 2 to 262144.
    const weight = Math.round(1 + ((Math.max(2, cpuShares) - 2) * 9999) / 262142);
    add("cpu", "cpuShares", ["cpu.shares", `${cpuShares}`], ["cpu.weight", `${weight}`]);
  }
  if (cpus !== undefined) {
    const quota = Math.max(1000, Math.round(cpus * cpuPeriodUs)); // the kernel takes no quota below 1 ms
    add("cpu", "cpus", ["cpu.cfs_quota_us", `${quota}`], ["cpu.max", `${quota} ${cpuPeriodUs}`]);
  }
  if (processes !== undefined) add("pids", "processes", ["pids.max", `${processes}`], ["pids.max", `${processes}`]);
  return settings;
}

function makeGroup(hierarchy: Hierarchy, controller: Controller, name: string): string {
  try {
    const directory = join(placeGroups(hierarchy, controller), name);
    mkdirSync(directory, { recursive: true });
    return directory;
  } catch (error) {
    throw missing(`no ${controller} group can be made in ${hierarchy.own} (${errnoOf(error)})`, error);
  }
}

function apply(setting: Setting, directory: string, version: 1 | 2): void {
  const [file, value] = version === 1 ? [setting.v1, setting.v1Value] : [setting.v2, setting.v2Value];
  const path = join(directory, file);
  try {
    writeFileSync(path, value);
  } catch (error) {
    throw missing(`${path} does not take ${value} (${errnoOf(error)})`, error, `limits.${setting.what}`);
  }
}

// $1 is how many files follow it; writing 0 into a group's member list means the writer itself.
const joinScript = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"';

/** A group made before, also by an earlier agent, by its directories. */
export function openCgroup(directories: readonly string[]): Cgroup {
  return {
    directories,
    joining(argv) {
      const members = directories.map((directory) => join(directory, "cgroup.procs"));
      return ["/bin/sh", "-c", joinScript, "sh", `${members.length}`, ...members, ...argv];
    },
    outOfMemoryKills() {
      for (const directory of directories) {
        for (const file of ["memory.events", "memory.oom_control"]) {
          const count = /^oom_kill (\d+)/m.exec(readIfThere(join(directory, file)))?.[1];
          if (count) return Number(count);
        }
      }
      return 0;
    },
    async remove() {
      const deadline = performance.now() + 5_000; // the memory of a killed process takes a moment to be given back
      for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
        for (const directory of directories) for (const pid of membersOf(directory)) kill(pid);
        const left = directories.filter((directory) => !removeDirectory(directory));
        if (left.length === 0 || performance.now() > deadline) return;
        await sleep(pauseMs);
      }
    },
  };
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

/** @returns whether it is gone */
function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

function readIfThere(path: string): string {
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

function missing(what: string, cause?: unknown, field = "limits"): YardError {
  const fix = "Run the agent as root, or in a delegated control group (systemd: Delegate=yes), or leave the limit out.";
  return new YardError("precondition", `The limit cannot be set: ${what}. ${fix}`, { field, cause });
}
