/** Where a capsule of this driver lives: in one machine after the other, on one disk.
 *
 *  running ──pause──▶ paused (files only) ──resume──▶ running, in the middle of an instruction
 *     │                  └── its memory is damaged, or not of this disk ──▶ refused; `start` boots it
 *     └── the machine ends, or is stopped ──▶ stopped (its disk) ──start──▶ running, booted
 *
 *  What is to be is recorded before the step that cannot be taken back: a memory image is named before its machine is killed, and no longer named before a machine
 *  that was restored from it takes its first step. So whichever step we die at, either is there whole. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { openCgroup } from "../../platform/process/cgroups.ts";
import type { Connection as NetworkPlace } from "../namespace/network/network.ts";
import { awaitBoot, beBorn, beResumed } from "./birth.ts";
import { requireSameDisk, stampOf } from "./disk-stamp.ts";
import type { DiskFile } from "./emulator-arguments.ts";
import { type Figures, readFigures } from "./figures.ts";
import { killPlace, type Machine, openMachine } from "./machine.ts";
import { DamagedMemory } from "./memory-image.ts";
import type { Packer, Packing } from "./packer.ts";
import type { MicrovmRecord } from "./records.ts";
import { createSession, type Line, type Session } from "./session.ts";
import { type Connection, makeKeys } from "./ssh.ts";
import { type Ground, makeTopLayer, type SavedMemory, type Store } from "./store.ts";
import type { Workshop } from "./workshop.ts";

export interface Home {
  readonly record: MicrovmRecord;
  state(): "running" | "paused" | "stopped";
  /** Why it is stopped, if it has ended by itself. */
  whyStopped(): string | undefined;
  /** @throws {YardError} precondition, unless it runs; unavailable */
  connection(): Promise<Connection>;
  /** Starts it for the first time, from that memory if there is one. */
  begin(memory: SavedMemory | undefined): Promise<void>;
  /** @throws {YardError} storage_full, unavailable; then it runs on */
  pause(): Promise<void>;
  /** @throws {YardError} unavailable; then it is paused as before */
  resume(): Promise<void>;
  /** Boots it from its disk. What its memory held is gone. */
  start(): Promise<void>;
  /** As it is now, to be shared; it goes on with a new layer. @throws {YardError} storage_full, unavailable */
  capture(): Promise<Ground>;
  /** Ends the machine, and keeps the disk. One that is paused stays so, unless its memory was refused: that is given up. */
  stop(): Promise<void>;
  /** After a restart of the agent: what lives is taken back. */
  adopt(): Promise<void>;
  figures(): Promise<Figures>;
  cpuUs(): number;
  /** Ends it, and leaves nothing. */
  remove(): Promise<void>;
  /** Lets go of it, and leaves it running. */
  release(): Promise<void>;
}

export interface HomeParts {
  readonly id: string;
  readonly record: MicrovmRecord;
  readonly directory: string;
  readonly workshop: Workshop;
  readonly store: Store;
  readonly packer: Packer;
  readonly write: (record: MicrovmRecord, how: "intend" | "note") => void;
}

const noFigures: Figures = { memoryBytes: 0, processes: 0, usedBytes: 0, freeBytes: 0 };

export function createHome(parts: HomeParts): Home {
  const { id, directory, workshop, store, packer } = parts;
  let { record } = parts;
  let session: Session | undefined;
  /** Of a machine that is paused. */
  let line: Line | undefined;
  /** Of the memory of a machine that is paused. */
  let packing: Packing | undefined;
  let network: NetworkPlace | undefined;
  let lastFigures = noFigures;
  /** Its memory was tried and cannot be used: only its disk is left. */
  let isRefused = false;
  let whyStopped: string | undefined;
  /** Until it is through, what ran is neither reached nor lost. */
  let isResuming = false;

  function write(changes: Partial<MicrovmRecord>, how: "intend" | "note"): void {
    const next = { ...record, ...changes };
    parts.write(next, how); // which a full disk may refuse
    record = next;
  }

  function packLater(): void {
    const { memory } = record;
    packing = memory && packer.add(memory, (packed) => write({ memory: { ...packed, disk: memory.disk } }, "intend"));
  }

  async function stopPacking(): Promise<void> {
    await packing?.cancel();
    packing = undefined;
  }

  const topPath = () => join(directory, record.layers.at(-1) ?? "");

  /** The top one lies with the machine, unless that was captured and its next one is not there yet. */
  function disks(): DiskFile[] {
    const top = record.layers.at(-1);
    return store.layers(record.layers).map((one) => (one.id === top ? { id: one.id, path: topPath() } : one));
  }

  function state(): "running" | "paused" | "stopped" {
    if (session?.machine.isAlive()) return "running";
    return record.memory || isResuming ? "paused" : "stopped";
  }

  function running(): Session {
    if (session?.machine.isAlive()) return session;
    throw new YardError("precondition", `Sandbox ${id} is ${state()}: resume it first.`);
  }

  async function startMachine(options: { memory?: SavedMemory }): Promise<Machine> {
    network ??= record.network === "outbound" ? await workshop.network.reserve() : undefined;
    const { shape, uid } = record;
    const request = { name: id, shape, uid, system: record.system, disks: disks(), directory, network };
    return workshop.start({
      ...request,
      isRestored: options.memory !== undefined,
      onGroup: (cgroup) => write({ cgroup, slot: network?.slot }, "note"),
    });
  }

  async function moveInto(machine: Machine, withLine?: Line): Promise<void> {
    whyStopped = undefined;
    session = createSession(machine, record.keys, withLine);
    await session.connection();
    write({ isComing: undefined }, "note");
    workshop.limitCpu(machine, record.limits);
  }

  const identity = () => ({
    hostname: hostnameOf(id),
    keys: record.keys,
    limits: record.limits,
    hasOutbound: record.network === "outbound",
  });

  /** From memory or from its first instruction, to the first command. It is not told to anybody before it is through. */
  async function bring(memory: SavedMemory | undefined, system: MicrovmRecord["system"]): Promise<void> {
    write({ system, keys: makeKeys() }, "note");
    const machine = await startMachine({ memory });
    try {
      write({ place: machine.place, memory: undefined, isComing: "born" }, "intend");
      if (memory) {
        await machine.loadMemory(store.pathOf(memory.file), memory.image);
        await growDisk(machine);
        await machine.go();
      } else {
        await growDisk(machine);
        const serial = await machine.connect("serial");
        const booted = awaitBoot(machine, serial).finally(() => serial.destroy());
        await Promise.all([booted, machine.go()]);
      }
      await beBorn(machine, identity());
      await moveInto(machine);
    } catch (error) {
      await machine.kill();
      await freeNetwork();
      write({ place: undefined, cgroup: undefined, slot: undefined }, "note");
      throw error;
    }
  }

  async function growDisk(machine: Machine): Promise<void> {
    await machine.qmp.run("block_resize", { "node-name": record.layers.at(-1), size: record.diskBytes });
  }

  async function freeNetwork(): Promise<void> {
    await network?.remove();
    network = undefined;
  }

  /** It has ended, or is to: nothing of it is left but the disk. */
  async function leave(): Promise<void> {
    const { machine } = session ?? {};
    const cpuUsBefore = record.cpuUsBefore + (machine?.cpuUs() ?? 0);
    if (machine && !machine.isAlive()) whyStopped = machine.whyEnded();
    await machine?.kill();
    if (!machine && record.place) await killPlace(record.place, openCgroup(record.place.cgroup ?? []));
    session?.close();
    session = undefined;
    await freeNetwork();
    write({ place: undefined, cgroup: undefined, slot: undefined, cpuUsBefore }, "note");
  }

  /** Its memory, too. */
  async function leaveForGood(): Promise<void> {
    await stopPacking();
    await leave();
    dropMemory();
    line?.[Symbol.dispose]();
    line = undefined;
  }

  async function measure(): Promise<Figures> {
    if (session?.machine.isAlive()) lastFigures = await readFigures(await session.connection());
    return lastFigures;
  }

  /** A new layer to write to. @returns what makes the one that was the last until now the store's; not before the machine goes on, as it opens it once more then */
  async function freeze(from: Machine | undefined): Promise<() => void> {
    const frozen = record.layers.at(-1) ?? "";
    const next = store.newName("disk");
    const path = join(directory, next);
    await makeTopLayer(workshop.programs.qemuImg, path, { diskBytes: record.diskBytes, uid: record.uid });
    if (from) {
      const file = { driver: "file", filename: `/machine/${next}`, locking: "off" };
      const node = { driver: "qcow2", "node-name": next, discard: "unmap", file, backing: null };
      await from.qmp.run("blockdev-add", node);
    }
    write({ layers: [...record.layers, next] }, "intend");
    await from?.qmp.run("blockdev-snapshot", { node: frozen, overlay: next });
    return () => store.take(join(directory, frozen), frozen);
  }

  return {
    get record() {
      return record;
    },
    state,
    whyStopped: () => (session && !session.machine.isAlive() ? session.machine.whyEnded() : whyStopped),
    connection: async () => running().connection(),
    async begin(memory) {
      const { system } = record;
      await bring(memory, system);
      const { usedBytes } = await measure();
      write({ usedBefore: usedBytes }, "note");
    },
    start: async () => {
      await leaveForGood();
      await bring(undefined, await workshop.system());
    },

    async pause() {
      const from = running();
      const { machine } = from;
      await measure().catch(() => {}); // those of a machine that does not answer are old
      const kept = await from.quiesce();
      const file = store.newName("memory");
      using _held = store.hold();
      try {
        await machine.halt();
        const image = await machine.saveMemory(store.pathOf(file));
        const { shape, system } = record;
        const disk = stampOf(topPath(), record.layers);
        write({ memory: { file, image, shape, system, disk } }, "intend");
      } catch (error) {
        rmSync(store.pathOf(file), { force: true });
        await machine.go().catch(() => {});
        from.release();
        throw error;
      }
      const cpuUsBefore = record.cpuUsBefore + machine.cpuUs();
      await machine.kill();
      if (kept) await kept.transport.detach();
      else from.close();
      line = kept;
      session = undefined;
      await freeNetwork();
      write({ place: undefined, cgroup: undefined, slot: undefined, cpuUsBefore }, "note");
      packLater();
    },

    async resume() {
      await stopPacking();
      const { memory } = record;
      if (!memory) return;
      isRefused = true;
      requireSameDisk(memory.disk, topPath(), record.layers);
      isRefused = false;
      const machine = await startMachine({ memory });
      const kept = line?.connection.isOpen() ? line : undefined;
      try {
        if (kept) kept.transport.attach(await machine.connect("ssh")); // before its memory: so its end never learns of the break
        await machine.loadMemory(store.pathOf(memory.file), memory.image);
        write({ place: machine.place, memory: undefined, isComing: "resumed" }, "intend");
      } catch (error) {
        isRefused = error instanceof DamagedMemory;
        line?.[Symbol.dispose]();
        line = undefined;
        await machine.kill();
        await freeNetwork();
        write({ cgroup: undefined, slot: undefined }, "note");
        throw error;
      }
      line = undefined;
      isResuming = true;
      try {
        await machine.go();
        await beResumed(machine, kept ? undefined : record.keys);
        await moveInto(machine, kept);
      } catch (error) {
        kept?.[Symbol.dispose]();
        await leave(); // it has gone on: what its memory was is no longer that of its disk
        whyStopped = "Its machine did not answer when it was resumed.";
        throw error;
      } finally {
        isResuming = false;
      }
      store.collect();
    },

    async capture() {
      await stopPacking();
      using _held = store.hold();
      const layers = record.layers;
      const from = session?.machine.isAlive() ? session : undefined;
      const figures = await measure().catch(() => lastFigures);
      const { diskBytes, shape, system } = record;
      const ground = { layers, diskBytes, freeBytes: figures.freeBytes };
      if (!from) {
        const { memory } = record;
        (await freeze(undefined))();
        if (!memory) return ground;
        write({ memory: { ...memory, disk: stampOf(topPath(), record.layers) } }, "intend");
        const { disk: _, ...saved } = memory;
        return { ...ground, memory: saved };
      }
      const file = store.newName("memory");
      await from.machine.halt();
      let settle: (() => void) | undefined;
      try {
        const image = await from.machine.saveMemory(store.pathOf(file));
        settle = await freeze(from.machine);
        return { ...ground, memory: { file, image, shape, system } };
      } finally {
        await from.machine.go();
        settle?.();
      }
    },

    stop: async () => {
      if (record.memory && !isRefused) return; // nothing of it runs, and what it remembers is kept
      await leaveForGood();
    },

    async adopt() {
      const { place, memory } = record;
      packLater();
      if (place && memory) return leave(); // it was about to be killed: its memory is saved
      if (!place || place.boot !== workshop.boot) {
        if (record.cgroup) await workshop.removeGroup(record.cgroup);
        if (place || record.cgroup) write({ place: undefined, cgroup: undefined, slot: undefined }, "note");
        return;
      }
      if (record.slot !== undefined) network = workshop.network.adopt(record.slot);
      try {
        if (record.isComing === "born") return await leave(); // nothing of its owner's has run
        const machine = await openMachine(place, openCgroup(place.cgroup ?? []));
        await findTop(machine);
        await machine.go();
        if (record.isComing === "resumed") await beResumed(machine, record.keys);
        session = createSession(machine, record.keys);
        write({ isComing: undefined }, "note");
      } catch {
        await leave();
        whyStopped = "Its machine has ended while no agent was there.";
      }
    },

    figures: measure,
    cpuUs: () => record.cpuUsBefore + (session?.machine.cpuUs() ?? 0),
    async remove() {
      await stopPacking();
      await leave();
      if (record.cgroup) await workshop.removeGroup(record.cgroup);
      line?.[Symbol.dispose]();
      rmSync(directory, { recursive: true, force: true });
    },
    async release() {
      await stopPacking();
      session?.close();
      session?.machine.qmp[Symbol.dispose](); // the emulator listens to one at a time
      line?.[Symbol.dispose]();
    },
  };

  function dropMemory(): void {
    if (!record.memory) return;
    write({ memory: undefined }, "intend");
    store.collect();
  }

  /** The agent may have died while the disk was being frozen: the machine says which layer it writes to. */
  async function findTop(machine: Machine): Promise<void> {
    const [top, frozen] = [record.layers.at(-1), record.layers.at(-2)];
    const answer = JSON.stringify(await machine.qmp.run("query-block"));
    if (top === undefined || answer.includes(`"${top}"`)) {
      if (frozen !== undefined && !store.has(frozen)) store.take(join(directory, frozen), frozen);
    } else write({ layers: record.layers.slice(0, -1) }, "note");
  }
}

/** Letters, digits and hyphens, as host names are. */
function hostnameOf(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 63);
}
