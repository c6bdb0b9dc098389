/** Where a capsule of this driver lives: in one machine after the other, on one disk.
 *
 *  running ──pause──▶ paused (files only) ──resume──▶ running, in the middle of an instruction
 *     │                  └── its memory is damaged, or not of this disk ──▶ refused; `start` boots it
 *     └── the machine ends, or is stopped ──▶ stopped (its disk) ──start──▶ running, booted
 *
 *  What is to be is recorded before the step that cannot be taken back: a memory image is named before its machine is killed, and is named until a machine that was
 *  restored from it has answered; whatever that did to the disk is undone if it does not. So whichever step we die at, either is there whole. */
import { rmSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { awaitBoot, beBorn, beResumed } from "./birth.ts";
import { type CurrentMachineParts, createCurrentMachine } from "./current-machine.ts";
import { requireSameDisk, stampOf } from "./disk-stamp.ts";
import type { Figures } from "./figures.ts";
import type { Machine } from "./machine.ts";
import { DamagedMemory, type KeptMemory } from "./memory-image.ts";
import type { Packer, Packing } from "./packer.ts";
import type { MicrovmRecord } from "./records.ts";
import type { Line, Session } from "./session.ts";
import { type Connection, makeKeys } from "./ssh.ts";
import type { Ground, SavedMemory } from "./store.ts";
import { dropUndoPoint, dropUndoPointOf, goBackTo, makeUndoPoint, type RestingLayer } from "./undo-point.ts";

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
  /** @throws {YardError} unavailable; then it is paused as before, whatever a machine that was restored has done since */
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

export interface HomeParts extends CurrentMachineParts {
  readonly packer: Packer;
}

export function createHome(parts: HomeParts): Home {
  const { id, directory, workshop, store, packer } = parts;
  const current = createCurrentMachine(parts);
  const { write } = current;
  /** Of a machine that is paused. */
  let line: Line | undefined;
  /** Of the memory of a machine that is paused. */
  let packing: Packing | undefined;
  /** Its memory was tried and cannot be used: only its disk is left. */
  let isRefused = false;

  const keptAs = ({ file, image }: SavedMemory): KeptMemory => ({ path: store.pathOf(file), image });

  function packLater(): void {
    const { memory } = current.record;
    packing = memory && packer.add(memory, (packed) => write({ memory: { ...packed, disk: memory.disk } }, "intend"));
  }

  async function stopPacking(): Promise<void> {
    await packing?.cancel();
    packing = undefined;
  }

  /** As long as its memory is kept it can be gone back to, so it has not gone on. */
  function state(): "running" | "paused" | "stopped" {
    if (current.record.memory) return "paused";
    return current.session() ? "running" : "stopped";
  }

  function running(): Session {
    const session = current.session();
    if (session && state() === "running") return session;
    throw new YardError("precondition", `Sandbox ${id} is ${state()}: resume it first.`);
  }

  const identity = () => ({
    hostname: hostnameOf(id),
    keys: current.record.keys,
    limits: current.record.limits,
    hasOutbound: current.record.network === "outbound",
  });

  /** From memory or from its first instruction, to the first command. It is not told to anybody before it is through. */
  async function bring(memory: SavedMemory | undefined, system: MicrovmRecord["system"]): Promise<void> {
    write({ system, keys: makeKeys() }, "note");
    const machine = await current.start({ memory: memory && keptAs(memory) });
    try {
      write({ place: machine.place, isComing: "born" }, "intend");
      if (memory) {
        await machine.loadMemory();
        await growDisk(machine);
        await machine.go();
      } else {
        await growDisk(machine);
        const serial = await machine.connect("serial");
        const booted = awaitBoot(machine, serial).finally(() => serial.destroy());
        await Promise.all([booted, machine.go()]);
      }
      await beBorn(machine, identity());
      await current.moveInto(machine).connection();
      write({ isComing: undefined }, "note");
    } catch (error) {
      await current.discard(machine);
      throw error;
    }
  }

  async function growDisk(machine: Machine): Promise<void> {
    const { layers, diskBytes } = current.record;
    await machine.qmp.run("block_resize", { "node-name": layers.at(-1), size: diskBytes });
  }

  /** Its memory, too. */
  async function leaveForGood(): Promise<void> {
    await stopPacking();
    await current.leave();
    if (current.record.memory) {
      write({ memory: undefined }, "intend");
      store.collect();
    }
    closeLine();
  }

  function closeLine(): void {
    line?.[Symbol.dispose]();
    line = undefined;
  }

  const restingLayer = (): RestingLayer => ({
    programs: workshop.programs,
    path: current.topPath(),
    uid: current.record.uid,
  });

  /** Of a resume that is over: with its memory, the disk is what it was before. */
  async function settleUndoPoint(): Promise<void> {
    const { undoPoint, memory, layers } = current.record;
    if (undoPoint === undefined) return;
    const resting = restingLayer();
    const session = current.session();
    if (memory) await goBackTo(resting, undoPoint);
    else if (session) await dropUndoPointOf(session.machine, layers.at(-1) ?? "", undoPoint);
    else await dropUndoPoint(resting, undoPoint);
    const fitting = memory && { memory: { ...memory, disk: stampOf(current.topPath(), layers) } };
    write({ undoPoint: undefined, ...fitting }, "intend");
  }

  /** What is in the way of that is in the way of the next resume, too, and is said there. */
  const trySettling = () => settleUndoPoint().catch(() => {});

  return {
    get record() {
      return current.record;
    },
    state,
    whyStopped: current.whyEnded,
    connection: async () => running().connection(),
    async begin(memory) {
      await bring(memory, current.record.system);
      const { usedBytes } = await current.measure();
      write({ usedBefore: usedBytes }, "note");
    },
    start: async () => {
      await leaveForGood();
      await settleUndoPoint();
      await bring(undefined, await workshop.system());
    },

    async pause() {
      const from = running();
      const { machine } = from;
      await trySettling();
      await current.measureRoom();
      const kept = await from.quiesce();
      const file = store.newName("memory");
      using _held = store.hold();
      try {
        await machine.halt();
        const image = await machine.saveMemory(store.pathOf(file));
        const { shape, system, layers } = current.record;
        const disk = stampOf(current.topPath(), layers);
        write(
          { memory: { file, image, shape, system, qemu: machine.qmp.version, disk }, undoPoint: undefined },
          "intend",
        );
      } catch (error) {
        rmSync(store.pathOf(file), { force: true });
        await machine.go().catch(() => {});
        from.release();
        throw error;
      }
      await current.forget(kept);
      line = kept;
      packLater();
    },

    async resume() {
      await stopPacking();
      await settleUndoPoint();
      const { memory, layers, keys } = current.record;
      if (!memory) return;
      isRefused = true;
      requireSameDisk(memory.disk, current.topPath(), layers);
      isRefused = false;
      const kept = line?.connection.isOpen() ? line : undefined;
      const undoPoint = newId("undo");
      let machine: Machine | undefined;
      try {
        write({ undoPoint }, "intend");
        machine = await current.start({ memory: keptAs(memory) });
        if (kept) kept.transport.attach(await machine.connect("ssh")); // before its memory: so its end never learns of the break
        await machine.loadMemory();
        await makeUndoPoint(machine, layers.at(-1) ?? "", undoPoint);
        write({ place: machine.place, isComing: "resumed" }, "intend");
        await machine.go();
        await beResumed(machine, kept ? undefined : keys);
        await current.moveInto(machine, kept).connection();
        write({ memory: undefined, isComing: undefined }, "intend");
      } catch (error) {
        isRefused = error instanceof DamagedMemory;
        closeLine();
        await (machine ? current.discard(machine) : current.leave());
        write({ isComing: undefined }, "note");
        await trySettling();
        packLater();
        throw error;
      }
      line = undefined;
      await trySettling();
      store.collect();
    },

    async capture() {
      await stopPacking();
      await settleUndoPoint();
      using _held = store.hold();
      const { layers, diskBytes, shape, system, memory } = current.record;
      const session = current.session();
      const { freeBytes } = await current.measureRoom();
      const ground = { layers, diskBytes, freeBytes };
      if (!session) {
        (await current.addLayer())();
        if (!memory) return ground;
        write({ memory: { ...memory, disk: stampOf(current.topPath(), current.record.layers) } }, "intend");
        const { disk: _, ...saved } = memory;
        return { ...ground, memory: saved };
      }
      const { machine } = session;
      const file = store.newName("memory");
      await machine.halt();
      let settle: (() => void) | undefined;
      try {
        const image = await machine.saveMemory(store.pathOf(file));
        settle = await current.addLayer();
        return { ...ground, memory: { file, image, shape, system, qemu: machine.qmp.version } };
      } finally {
        await machine.go();
        settle?.();
      }
    },

    stop: async () => {
      if (current.record.memory && !isRefused) return; // nothing of it runs, and what it remembers is kept
      await leaveForGood();
    },

    async adopt() {
      const { place, memory, cgroup, isComing, keys } = current.record;
      if (place && memory && isComing !== "resumed") {
        await current.leave(); // it was about to be killed: its memory is saved
      } else if (!place || place.boot !== workshop.boot) {
        if (cgroup) await workshop.removeGroup(cgroup);
        if (place || cgroup)
          write({ place: undefined, cgroup: undefined, slot: undefined, isComing: undefined }, "note");
      } else {
        try {
          if (isComing === "born") return await current.leave(); // nothing of its owner's has run
          const machine = await current.takeBack();
          await machine.stopSaving();
          await machine.go();
          if (isComing === "resumed") await beResumed(machine, keys);
          current.moveInto(machine);
          write({ isComing: undefined, memory: undefined }, "intend");
        } catch {
          await current.leave({ because: "Its machine has ended while no agent was there." });
          write({ isComing: undefined }, "note");
        }
      }
      await trySettling();
      packLater();
    },

    figures: current.measure,
    cpuUs: current.cpuUs,
    async remove() {
      await stopPacking();
      await current.leave();
      const { cgroup } = current.record;
      if (cgroup) await workshop.removeGroup(cgroup);
      closeLine();
      rmSync(directory, { recursive: true, force: true });
    },
    async release() {
      await stopPacking();
      const session = current.session();
      session?.close();
      session?.machine.qmp[Symbol.dispose](); // the emulator listens to one at a time
      closeLine();
    },
  };
}

/** Letters, digits and hyphens, as host names are. */
function hostnameOf(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 63);
}
