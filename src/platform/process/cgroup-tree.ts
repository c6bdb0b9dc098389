/** Control groups of a sandbox: one at the top with the limits of all, in which its processes are, and below it a leaf for each process that has limits of its own. Version 2
 *  lets no group with groups below hold processes itself: there they are in a leaf, too (`main`). */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { YardError } from "../errors.ts";
import {
  type Controller,
  controllers,
  type Hierarchy,
  olderControllers,
  readHierarchies,
} from "./cgroup-hierarchies.ts";
import { applyLimits, type CgroupLimits, type GroupPlace, limitError } from "./cgroup-limits.ts";
import { type Cgroup, makeGroupAside, openCgroup, readIfThere } from "./cgroups.ts";

/** Where the top is, by controller: serialisable, for who comes after us. */
export type GroupPlaces = Readonly<Partial<Record<Controller, GroupPlace>>>;

export interface CgroupUsage {
  /** What it holds and cannot give back at once: without the files that are only cached. */
  readonly memoryBytes: number;
  /** Microseconds of all cores, since it was made. */
  readonly cpuUs: number;
  readonly processes: number;
}

export interface CgroupTree {
  readonly places: GroupPlaces;
  /** For the processes that have no limits of their own. */
  readonly main: Cgroup;
  /** All of it. @throws {YardError} precondition */
  limit(limits: CgroupLimits): void;
  /** @throws {YardError} precondition */
  leaf(name: string, limits: CgroupLimits): Cgroup;
  usage(): CgroupUsage;
  /** The processes in it, by their numbers on the host, those that came first before others. */
  members(): number[];
  /** Nothing in it runs from then on. @throws {YardError} timeout, precondition */
  freeze(): Promise<void>;
  thaw(): void;
  /** Kills all in it, and removes it. */
  remove(): Promise<void>;
}

const mainLeaf = "main";

/** Looked for once: the list of mounts grows with each sandbox. */
let hierarchies: ReturnType<typeof readHierarchies> | undefined;

/** @throws {YardError} precondition, naming what is missing */
export async function createCgroupTree(name: string): Promise<CgroupTree> {
  hierarchies ??= readHierarchies();
  const places: Partial<Record<Controller, GroupPlace>> = {};
  for (const controller of controllers) {
    const hierarchy = hierarchies.get(controller);
    if (!hierarchy) throw limitError(`this machine has no ${controller} controller`);
    places[controller] = await makeTop(hierarchy, controller, name);
  }
  for (const controller of olderControllers) {
    const hierarchy = hierarchies.get(controller);
    if (hierarchy) places[controller] = await makeTop(hierarchy, controller, name);
  }
  return openCgroupTree(places);
}

async function makeTop(hierarchy: Hierarchy, controller: Controller, name: string): Promise<GroupPlace> {
  const path = await makeGroupAside(hierarchy, controller, name);
  if (hierarchy.version === 2) {
    writeFileSync(join(path, "cgroup.subtree_control"), `+${controller}`);
    await mkdir(join(path, mainLeaf), { recursive: true });
  }
  return { path, version: hierarchy.version };
}

function placeIn(places: GroupPlaces, controller: Controller): GroupPlace {
  const place = places[controller];
  if (!place) throw limitError(`this machine has no ${controller} controller`);
  return place;
}

/** One that was made before, also by an earlier agent. */
export function openCgroupTree(places: GroupPlaces): CgroupTree {
  const tops = [...new Set(Object.values(places).map(({ path }) => path))];

  function makeLeaf(name: string): Cgroup {
    for (const top of tops) mkdirSync(join(top, name), { recursive: true });
    return openCgroup(tops.map((top) => join(top, name)));
  }
  const read = (controller: Controller, file: string) => readIfThere(join(places[controller]?.path ?? "", file));
  const main = openCgroup(tops.map(mainOf));

  return {
    places,
    main,
    limit: (limits) => applyLimits(limits, (controller) => placeIn(places, controller)),
    leaf(name, limits) {
      const leaf = makeLeaf(name);
      try {
        applyLimits(limits, (controller) => {
          const { path, version } = placeIn(places, controller);
          return { path: join(path, name), version };
        });
        return leaf;
      } catch (error) {
        void leaf.remove();
        throw error;
      }
    },
    usage() {
      const isOld = places.memory?.version === 1;
      const held = Number(read("memory", isOld ? "memory.usage_in_bytes" : "memory.current"));
      const cached = fieldOf(read("memory", "memory.stat"), isOld ? "total_inactive_file" : "inactive_file");
      const cpuUs = places.cpuacct
        ? Number(read("cpuacct", "cpuacct.usage")) / 1_000
        : fieldOf(read("cpu", "cpu.stat"), "usage_usec");
      const processes = Number(read("pids", "pids.current"));
      return { memoryBytes: Math.max(0, held - cached), cpuUs, processes };
    },
    members() {
      const [top = ""] = tops;
      const groups = [top, ...leavesOf(top)].map((group) => readIfThere(join(group, "cgroup.procs")));
      return groups.join("").split("\n").filter(Boolean).map(Number);
    },
    freeze: () => freeze(freezerOf(places)),
    thaw: () => freezerOf(places).set(false),
    async remove() {
      freezerOf(places).set(false); // who is frozen does not die, in version 1
      await openCgroup(tops.flatMap(leavesOf)).remove();
      await openCgroup(tops).remove();
    },
  };
}

/** Where its processes are; earlier agents have made the leaf for version 1, too. */
function mainOf(top: string): string {
  const leaf = join(top, mainLeaf);
  return existsSync(leaf) ? leaf : top;
}

function leavesOf(top: string): string[] {
  try {
    const entries = readdirSync(top, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(top, name));
  } catch {
    return []; // removed before
  }
}

function fieldOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? 0);
}

interface Freezer {
  set(frozen: boolean): void;
  isFrozen(): boolean;
}

function freezerOf({ freezer, memory }: GroupPlaces): Freezer {
  const place = freezer ?? (memory?.version === 2 ? memory : undefined);
  const [file, state, isFrozen, words] =
    place?.version === 2
      ? (["cgroup.freeze", "cgroup.events", /^frozen 1/m, ["1", "0"]] as const)
      : (["freezer.state", "freezer.state", /^FROZEN/, ["FROZEN", "THAWED"]] as const);
  return {
    set(frozen) {
      try {
        if (place) writeFileSync(join(place.path, file), frozen ? words[0] : words[1]);
      } catch (error) {
        if (frozen) throw error; // a group that is gone needs no thaw
      }
    },
    isFrozen: () => place !== undefined && isFrozen.test(readIfThere(join(place.path, state))),
  };
}

const freezeTimeoutMs = 5_000;
/** What sleeps is frozen some tenths of a millisecond after it was told to, sooner than the shortest timer. */
const quickLooksMs = 1;

async function freeze(freezer: Freezer): Promise<void> {
  const deadline = performance.now() + freezeTimeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    freezer.set(true); // in version 1 it may take several attempts while processes are being started
    if (await isSoonFrozen(freezer)) return;
    if (performance.now() > deadline) {
      freezer.set(false);
      throw new YardError("timeout", "What runs there cannot be frozen: something hangs in the kernel. Try again.");
    }
    await sleep(pauseMs);
  }
}

async function isSoonFrozen(freezer: Freezer): Promise<boolean> {
  const until = performance.now() + quickLooksMs;
  while (!freezer.isFrozen()) {
    if (performance.now() > until) return false;
    await turn();
  }
  return true;
}
