/** Where a sandbox lives: in one residence after the other, as it is captured (then what it has written becomes a layer, and it moves onto that) or started again
 *  once its first process is gone. What it has written stays, whatever it lives in.
 *
 *  running ──stop, first process ends, machine restarts──▶ stopped ──start──▶ running
 *
 *  Each step is recorded before it is taken, so that the next agent finishes it, or takes it back. */
import { mkdirSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../platform/errors.ts";
import type { Limits, LocalFiles } from "../sandbox.ts";
import { createSandboxFiles } from "./files.ts";
import { keepingProcesses } from "./init.ts";
import type { Ground, LayerStore, NewPart } from "./layer-store.ts";
import { createPorts, type Ports } from "./ports.ts";
import type { NamespaceRecord } from "./records.ts";
import type { Residence } from "./residence.ts";
import type { Residences, Shape } from "./residences.ts";

export interface Home {
  /** Undefined, while it is stopped. */
  residence(): Residence | undefined;
  /** @throws {YardError} precondition, while it is stopped */
  interior(): Interior;
  readonly record: NamespaceRecord;
  notePaused(isPaused: boolean): void;
  /** @throws {YardError} unavailable, storage_full; then it is stopped as before */
  start(): Promise<void>;
  /** What it lies on together with what it has written, which it changes no more. If nothing runs in it, it moves out, and no byte is copied; else what it has written
   *  is copied while all of it stands still. @throws {YardError} storage_full, too_large */
  capture(options: { isUsed: () => boolean }): Promise<Ground>;
  /** As it was before it moved out, until it has moved in; undefined, while it does not move. */
  readonly moving: Pick<NamespaceRecord, "isPaused"> | undefined;
  /** After a capture: moves in, if it has moved out. Where that fails it is stopped, with its files, and may be started again. */
  moveIn(): Promise<void>;
  /** Kills all that runs there, and keeps what was written. */
  stop(): Promise<void>;
  /** Kills all that runs there. */
  end(): Promise<void>;
  /** That, and removes everything. */
  remove(): Promise<void>;
  /** Lets go of it, and leaves it running; if it is moving in, when it has. */
  release(): Promise<void>;
}

/** What is reached of a residence from here. */
export interface Interior {
  readonly files: Required<LocalFiles>;
  readonly ports: Ports;
}

export interface HomeParts {
  readonly id: string;
  readonly record: NamespaceRecord;
  readonly residence: Residence | undefined;
  readonly residences: Residences;
  readonly store: LayerStore;
  readonly write: (record: NamespaceRecord, how: "intend" | "note") => void;
}

/** What has ended may be counted for a moment longer. */
const idleLooks = 5;
const idleLookMs = 10;

export function createHome(parts: HomeParts): Home {
  const { id, residences, store } = parts;
  let { record, residence } = parts;
  let moving: Home["moving"];
  let movingIn: Promise<void> | undefined;
  let interior = interiorOf(residence, record);

  function write(changes: Partial<NamespaceRecord>, how: "intend" | "note"): void {
    record = { ...record, ...changes };
    parts.write(record, how);
  }

  function moveInto(next: Residence | undefined): void {
    interior?.ports[Symbol.dispose]();
    residence = next;
    interior = interiorOf(next, record);
  }

  const running = () => (residence?.realm.isAlive() ? residence : undefined);

  /** Ends what is there, and keeps what it has written. @returns whether there was something */
  async function leave(): Promise<boolean> {
    const left = residence;
    await left?.leave();
    moveInto(undefined);
    return left !== undefined;
  }

  async function start(): Promise<void> {
    await leave();
    const shape = await shapeOf(record, store);
    const next = await (record.name === undefined ? residences.make(shape) : residences.again(record.name, shape));
    try {
      next.settle({ hostname: hostnameOf(id), limits: groupLimits(record.limits) });
    } catch (error) {
      await next.leave();
      throw error;
    }
    const { name, slot, started } = next;
    write({ name, slot, started, isPaused: false }, "note");
    moveInto(next);
  }

  /** What it has written becomes the layer. */
  async function giveUp(layer: NewPart): Promise<Ground> {
    const ground: Ground = { tree: record.ground.tree, overlays: [layer.id, ...record.ground.overlays] };
    if (record.name === undefined) return record.ground; // it has written nothing since it was captured
    write({ capturing: layer.id }, "intend");
    await residences.giveUp(record.name, layer.path, leave);
    const shortened = await store.shorten(ground);
    write({ ground: shortened, capturing: undefined, name: undefined, slot: undefined, started: undefined }, "intend");
    return shortened;
  }

  async function moveIn({ isPaused }: Pick<NamespaceRecord, "isPaused">): Promise<void> {
    await start().catch(() => {}); // what was asked for is done
    if (!isPaused) return;
    await running()
      ?.groups.freeze()
      .catch(() => {});
    write({ isPaused }, "note");
  }

  async function copy(layer: NewPart, { groups, system }: Residence): Promise<Ground> {
    const wasPaused = record.isPaused;
    if (!wasPaused) await groups.freeze();
    try {
      mkdirSync(layer.path, { mode: 0o700 });
      await system.copyOwn(layer.path);
    } finally {
      if (!wasPaused) groups.thaw();
    }
    return store.shorten({ tree: record.ground.tree, overlays: [layer.id, ...record.ground.overlays] });
  }

  return {
    residence: running,
    get record() {
      return record;
    },
    interior() {
      if (running() && interior) return interior;
      throw new YardError("precondition", `Sandbox ${id} is stopped: resume it first.`);
    },
    notePaused: (isPaused) => write({ isPaused }, "note"),
    start,
    async capture({ isUsed }) {
      const layer = store.newLayer();
      const from = running();
      if (from && (isUsed() || !(await isIdle(from)))) return copy(layer, from);
      const before = from && { isPaused: record.isPaused };
      const ground = await giveUp(layer);
      moving = before;
      return ground;
    },
    get moving() {
      return moving;
    },
    moveIn() {
      movingIn = moving && moveIn(moving).finally(() => (moving = undefined));
      return movingIn ?? Promise.resolve();
    },
    stop: async () => void (await leave()),
    async end() {
      interior?.ports[Symbol.dispose]();
      await residence?.end();
    },
    async remove() {
      await residence?.remove();
      if (!residence && record.name !== undefined) await residences.discard(record.name);
    },
    async release() {
      await movingIn;
      residence?.release();
    },
  };
}

/** Of one that an agent has died over: the layer is there, or nothing has happened yet. */
export function settleCapture(record: NamespaceRecord, store: LayerStore): NamespaceRecord {
  const { capturing, ground, ...rest } = record;
  if (capturing === undefined) return record;
  if (!store.has(capturing)) return { ...rest, ground };
  const moved = { tree: ground.tree, overlays: [capturing, ...ground.overlays] };
  return { ...rest, ground: moved, name: undefined, slot: undefined, started: undefined };
}

/** Nothing is in it but what keeps it; also nothing in the memory that programs share: that would be lost. */
async function isIdle({ groups, started: { init } }: Residence): Promise<boolean> {
  for (let look = 1; groups.members().length > keepingProcesses; look++) {
    if (look === idleLooks) return false;
    await sleep(idleLookMs);
  }
  try {
    return readdirSync(`/proc/${init.pid}/root/dev/shm`).length === 0;
  } catch {
    return false; // it ends just now
  }
}

function interiorOf(residence: Residence | undefined, { rootId }: NamespaceRecord): Interior | undefined {
  if (!residence) return undefined;
  const { root, network } = residence.realm;
  return { files: createSandboxFiles({ root, rootId }), ports: createPorts(network) };
}

/** What its residence must be like. */
export async function shapeOf(record: NamespaceRecord, store: LayerStore): Promise<Shape> {
  const { limits = {}, network = "none" } = record;
  return {
    layers: await store.layersOf(record.ground),
    diskBytes: limits.diskBytes,
    sharedMemoryBytes: sharedMemoryOf(limits),
    network,
  };
}

export function groupLimits({ diskBytes: _, ...limits }: Limits = {}): Limits {
  return limits;
}

const mostSharedMemoryBytes = 64 * 1024 * 1024;

/** It counts as memory until it is removed: it must leave room for whoever removes it. */
function sharedMemoryOf({ memoryBytes = Number.POSITIVE_INFINITY }: Limits): number {
  return Math.floor(Math.min(mostSharedMemoryBytes, memoryBytes / 4));
}

/** Letters, digits and hyphens, as host names are. */
export function hostnameOf(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 63);
}
