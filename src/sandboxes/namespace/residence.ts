/** What a sandbox is made of outside of its processes: its root file system, its control groups, its first process and, through that, its namespaces. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupLimits } from "../../platform/process/cgroup-limits.ts";
import { type CgroupTree, createCgroupTree, openCgroupTree } from "../../platform/process/cgroup-tree.ts";
import type { Spawned } from "../../platform/process/posix-spawn.ts";
import { bootId, isAlive } from "../../platform/process/procfs.ts";
import { type Init, type InitParts, startInit } from "./init.ts";
import { openRealm, type Realm } from "./realm.ts";
import type { NamespaceRecord } from "./records.ts";
import { makeRootFileSystem, openRootFileSystem, type RootFileSystem, type SandboxPlace } from "./root-file-system.ts";
import type { Layer } from "./templates.ts";

export interface Residence {
  readonly realm: Realm;
  readonly groups: CgroupTree;
  readonly system: RootFileSystem;
  readonly started: NonNullable<NamespaceRecord["started"]>;
  /** Kills all that runs there, and removes everything. */
  remove(): Promise<void>;
  /** Lets go of it, and leaves it running. */
  release(): void;
}

export interface ResidenceParts extends SandboxPlace, Omit<InitParts, "onBorn"> {
  /** Of its control groups. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly limits: CgroupLimits;
  readonly diskBytes?: number;
}

/** @throws {YardError} invalid, precondition, unavailable, storage_full; then nothing is left */
export async function makeResidence(parts: ResidenceParts): Promise<Residence> {
  const { users, layers, diskBytes } = parts;
  await using undo = new AsyncDisposableStack();
  const system = await makeRootFileSystem(parts, { layers, users, diskBytes });
  undo.defer(() => system.remove());
  const groups = createCgroupTree(parts.name, parts.limits);
  undo.defer(() => groups.remove());
  const { init, monitor } = await startInit({ ...parts, onBorn: (pid) => groups.adopt(pid) });
  const realm = openRealm(init, system.path);
  undo.move();
  return residenceOf({ init, boot: bootId(), groups: groups.places }, { realm, groups, system, monitor });
}

/** One that an earlier agent has made. @returns undefined, if its first process is gone */
export function findResidence(place: SandboxPlace, { started }: NamespaceRecord): Residence | undefined {
  if (!started || started.boot !== bootId()) return undefined;
  if (!isAlive(started.init.pid, started.init.startTicks)) return undefined;
  const system = openRootFileSystem(place);
  const groups = openCgroupTree(started.groups);
  return residenceOf(started, { realm: openRealm(started.init, system.path), groups, system });
}

/** What is left of one whose first process is gone, or never came. */
export async function clearResidence(place: SandboxPlace, name: string): Promise<void> {
  await createCgroupTree(name, {}).remove(); // found by its name, also where it was not recorded
  await openRootFileSystem(place).remove();
}

function residenceOf(
  started: Residence["started"],
  parts: { realm: Realm; groups: CgroupTree; system: RootFileSystem; monitor?: Spawned },
): Residence {
  const { realm, groups, system, monitor } = parts;
  return {
    realm,
    groups,
    system,
    started,
    async remove() {
      await groups.remove();
      await Promise.race([monitor?.exited, goneOf(started.init)]);
      realm[Symbol.dispose]();
      await system.remove();
    },
    release() {
      monitor?.release();
      realm[Symbol.dispose]();
    },
  };
}

const goneTimeoutMs = 5_000;

async function goneOf({ pid, startTicks }: Init): Promise<void> {
  const deadline = performance.now() + goneTimeoutMs;
  while (isAlive(pid, startTicks) && performance.now() < deadline) await sleep(5);
}
