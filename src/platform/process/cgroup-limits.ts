/** The limits of a control group, in the words of both versions. @see cgroup-v1/ and cgroup-v2.rst of the kernel's admin guide */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, YardError } from "../errors.ts";
import type { Controller } from "./cgroup-hierarchies.ts";

export interface CgroupLimits {
  readonly memoryBytes?: number;
  readonly memoryAndSwapBytes?: number;
  /** 1024 is one share. */
  readonly cpuShares?: number;
  readonly cpus?: number;
  readonly processes?: number;
}

const cpuPeriodUs = 100_000;

/** Where the group is in the hierarchy of one controller. */
export interface GroupPlace {
  readonly path: string;
  readonly version: 1 | 2;
}

/** @param placeOf the group in that controller's hierarchy, made if need be
 *  @throws {YardError} precondition, naming what is missing, when a limit cannot be set */
export function applyLimits(limits: CgroupLimits, placeOf: (controller: Controller) => GroupPlace): void {
  for (const [controller, settings] of settingsOf(limits)) {
    const place = placeOf(controller);
    for (const setting of settings) apply(setting, place.path, place.version);
  }
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

function apply(setting: Setting, directory: string, version: 1 | 2): void {
  const [file, value] = version === 1 ? [setting.v1, setting.v1Value] : [setting.v2, setting.v2Value];
  const path = join(directory, file);
  try {
    writeFileSync(path, value);
  } catch (error) {
    throw limitError(`${path} does not take ${value} (${errnoOf(error)})`, error, `limits.${setting.what}`);
  }
}

/** What cannot be limited, and what to do about it. */
export function limitError(what: string, cause?: unknown, field = "limits"): YardError {
  const fix = "Run the agent as root, or in a delegated control group (systemd: Delegate=yes), or leave the limit out.";
  return new YardError("precondition", `The limit cannot be set: ${what}. ${fix}`, { field, cause });
}
