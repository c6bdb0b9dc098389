/** What a sandbox is made of outside of its processes: its root file system, its control groups, its first process and, through that, its namespaces. */
import { closeSync, existsSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupLimits } from "../../platform/process/cgroup-limits.ts";
import { type CgroupTree, createCgroupTree, openCgroupTree } from "../../platform/process/cgroup-tree.ts";
import { kernel } from "../../platform/process/kernel.ts";
import type { Spawned } from "../../platform/process/posix-spawn.ts";
import { bootId, isAlive } from "../../platform/process/procfs.ts";
import { killProcess } from "../../platform/process/signals.ts";
import { createSandboxFiles } from "./files.ts";
import { type Init, type InitParts, startInit } from "./init.ts";
import type { Layer } from "./layer-store.ts";
import type { LowerLayers } from "./lower-layers.ts";
import { pointToResolver, setUpNetworkInside } from "./network/inside.ts";
import type { Connection, SandboxNetwork } from "./network/network.ts";
import { openRealm, type Realm } from "./realm.ts";
import type { NamespaceRecord } from "./records.ts";
import { makeRootFileSystem, openRootFileSystem, type RootFileSystem, type SandboxPlace } from "./root-file-system.ts";

export interface Residence {
  readonly name: string;
  readonly place: SandboxPlace;
  /** Its place in the network, if there is a way out. */
  readonly slot?: number;
  readonly realm: Realm;
  readonly groups: CgroupTree;
  readonly system: RootFileSystem;
  readonly started: NonNullable<NamespaceRecord["started"]>;
  /** For the one who is to live there. @throws {YardError} precondition (a limit cannot be set) */
  settle(options: { hostname: string; limits: CgroupLimits }): void;
  /** Kills all that runs there. Resolves when it is dead. */
  end(): Promise<void>;
  /** That, and removes all but what was written: to be taken up again, or captured. */
  leave(): Promise<void>;
  /** That, and removes everything. */
  remove(): Promise<void>;
  /** Lets go of it, and leaves it running. */
  release(): void;
}

export interface ResidenceParts extends SandboxPlace, Omit<InitParts, "doors" | "onBorn"> {
  readonly name: string;
  /** Name of its control groups. */
  readonly group: string;
  readonly layers: readonly Layer[];
  readonly lowers: LowerLayers;
  readonly diskBytes?: number;
  /** To the outside; absent, there is none. */
  readonly connection?: Connection;
}

/** @throws {YardError} invalid, precondition, unavailable, storage_full; then nothing is left, or what was there before */
export async function makeResidence(parts: ResidenceParts): Promise<Residence> {
  const { users, layers, lowers, diskBytes, connection } = parts;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => connection?.remove()); // last: its link goes with the processes
  const isNew = !existsSync(parts.directory);
  const system = await makeRootFileSystem(parts, { layers, users, lowers, diskBytes });
  undo.defer(() => (isNew ? system.remove() : system.unmount()));
  const groups = await createCgroupTree(parts.group);
  undo.defer(() => groups.remove());
  const onBorn = (pid: number) => setUpNetworkInside(pid, { rootId: users.rootId, connection });
  const { init, monitor } = await startInit({ ...parts, doors: groups.main.doors(), onBorn });
  const realm = undo.use(openRealm(init, system.path));
  if (connection) await pointToResolver(createSandboxFiles({ root: realm.root, rootId: users.rootId }));
  undo.move();
  const started = { init, boot: bootId(), groups: groups.places };
  const { name, directory, rootPath } = parts;
  return residenceOf(name, { place: { directory, rootPath }, started, realm, groups, system, connection, monitor });
}

/** One that an earlier agent has made. @returns undefined, if its first process is gone */
export function findResidence(
  place: SandboxPlace,
  { name = "", started, slot }: NamespaceRecord,
  network: SandboxNetwork,
): Residence | undefined {
  if (!started || started.boot !== bootId()) return undefined;
  if (!isAlive(started.init.pid, started.init.startTicks)) return undefined;
  const system = openRootFileSystem(place);
  const groups = openCgroupTree(started.groups);
  const connection = slot === undefined ? undefined : network.adopt(slot);
  const realm = openRealm(started.init, system.path);
  return residenceOf(name, { place, started, realm, groups, system, connection });
}

/** What is left of one whose first process is gone, or never came. */
export async function clearResidence(place: SandboxPlace, group: string): Promise<void> {
  await (await createCgroupTree(group)).remove(); // found by its name, also where it was not recorded
  await openRootFileSystem(place).remove();
}

/** Likewise, but for what was written there. */
export async function quietResidence(place: SandboxPlace, group: string): Promise<void> {
  await (await createCgroupTree(group)).remove();
  await openRootFileSystem(place).unmount();
}

function residenceOf(
  name: string,
  parts: Pick<Residence, "place" | "started" | "realm" | "groups" | "system"> & {
    readonly connection?: Connection;
    readonly monitor?: Spawned;
  },
): Residence {
  const { place, started, realm, groups, system, connection, monitor } = parts;
  let ended: Promise<void> | undefined;

  async function end(): Promise<void> {
    groups.thaw(); // what is frozen does not die
    killProcess(started.init.pid, started.init.startTicks);
    await Promise.race([monitor?.exited, goneOf(started.init)]); // and with it, all others
    realm[Symbol.dispose]();
  }
  const endOnce = () => {
    ended ??= end();
    return ended;
  };
  return {
    name,
    place,
    slot: connection?.slot,
    realm,
    groups,
    system,
    started,
    settle({ hostname, limits }) {
      groups.limit(limits);
      using names = openNamespaceOf(started.init, "uts");
      kernel().setHostname(names.fd, hostname);
    },
    end: endOnce,
    async leave() {
      await endOnce();
      await Promise.all([groups.remove(), system.unmount(), connection?.remove()]);
    },
    async remove() {
      await endOnce();
      await Promise.all([groups.remove(), system.remove(), connection?.remove()]);
    },
    release() {
      monitor?.release();
      realm[Symbol.dispose]();
    },
  };
}

function openNamespaceOf({ pid }: Init, kind: "uts"): { readonly fd: number } & Disposable {
  const fd = openSync(`/proc/${pid}/ns/${kind}`, "r");
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

const goneTimeoutMs = 5_000;

async function goneOf({ pid, startTicks }: Init): Promise<void> {
  const deadline = performance.now() + goneTimeoutMs;
  // Mostly it takes some milliseconds, and is seen earlier here than by way of bubblewrap's end.
  for (let pauseMs = 1; isAlive(pid, startTicks) && performance.now() < deadline; pauseMs *= 1.2) await sleep(pauseMs);
}
