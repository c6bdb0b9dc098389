/** The machine that a capsule is in right now, if there is one, with the disk below it and its place in the network; and what is recorded of all that, so that the next
 *  agent finds it. When it comes and when it goes is for others to say (home.ts). */
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { openCgroup } from "../../platform/process/cgroups.ts";
import type { Connection as NetworkPlace } from "../namespace/network/network.ts";
import { askForRoom } from "./birth.ts";
import type { DiskFile } from "./emulator-arguments.ts";
import { type Figures, readFigures } from "./figures.ts";
import { killPlace, type Machine, openMachine } from "./machine.ts";
import type { KeptMemory } from "./memory-image.ts";
import type { MicrovmRecord } from "./records.ts";
import { createSession, type Line, type Session } from "./session.ts";
import { makeTopLayer, type Store } from "./store.ts";
import type { Workshop } from "./workshop.ts";

export interface CurrentMachine {
  readonly record: MicrovmRecord;
  /** @throws {YardError} storage_full; nothing is recorded then */
  write(changes: Partial<MicrovmRecord>, how: "intend" | "note"): void;
  /** Of the last layer of its disk: it lies with the machine. */
  topPath(): string;
  /** Of a machine that is alive. */
  session(): Session | undefined;
  /** Why the last one has ended, if it did so by itself. */
  whyEnded(): string | undefined;
  /** Starts one on the disk, which stands still, to go on from that memory if there is one. It is nobody's yet. @throws {YardError} unavailable */
  start(options?: { memory: KeptMemory | undefined }): Promise<Machine>;
  /** It runs, and is the one from here on. @param line from before a pause */
  moveInto(machine: Machine, line?: Line): Session;
  /** Ends one that is nobody's. */
  discard(machine: Machine): Promise<void>;
  /** Ends the current one. Nothing of it is left but the disk. */
  leave(options?: { because: string }): Promise<void>;
  /** Its emulator was killed: the rest of it goes, too. @param line which outlives it */
  forget(line: Line | undefined): Promise<void>;
  /** Takes back the one that an earlier agent has recorded. @throws, if it has ended */
  takeBack(): Promise<Machine>;
  /** The disk gets a new last layer. @returns what makes the one that was the last until now the store's; not before the machine goes on, as it opens it once more then */
  addLayer(): Promise<() => void>;
  /** Those of a machine that has gone are the last that were read. */
  measure(): Promise<Figures>;
  /** Of those, what its disk has: quickly, and from before where it does not answer. */
  measureRoom(): Promise<Figures>;
  /** CPU time of this and all earlier ones, in microseconds. */
  cpuUs(): number;
}

export interface CurrentMachineParts {
  readonly id: string;
  readonly record: MicrovmRecord;
  readonly directory: string;
  readonly workshop: Workshop;
  readonly store: Store;
  readonly write: (record: MicrovmRecord, how: "intend" | "note") => void;
}

const noFigures: Figures = { memoryBytes: 0, processes: 0, usedBytes: 0, freeBytes: 0 };
const nowhere = { place: undefined, cgroup: undefined, slot: undefined };

export function createCurrentMachine(parts: CurrentMachineParts): CurrentMachine {
  const { id, directory, workshop, store } = parts;
  let { record } = parts;
  let session: Session | undefined;
  let network: NetworkPlace | undefined;
  let figures = noFigures;
  let whyEnded: string | undefined;

  const living = () => (session?.machine.isAlive() ? session : undefined);
  const topPath = () => join(directory, record.layers.at(-1) ?? "");

  function write(changes: Partial<MicrovmRecord>, how: "intend" | "note"): void {
    const next = { ...record, ...changes };
    parts.write(next, how); // which a full disk may refuse
    record = next;
  }

  /** The top one lies with the machine, unless that was captured and its next one is not there yet. */
  function disks(): DiskFile[] {
    const top = record.layers.at(-1);
    return store.layers(record.layers).map((one) => (one.id === top ? { id: one.id, path: topPath() } : one));
  }

  async function freeNetwork(): Promise<void> {
    await network?.remove();
    network = undefined;
  }

  /** The agent may have died while a layer was being added: the machine says which one it writes to. */
  async function findTop(machine: Machine): Promise<void> {
    const [top, frozen] = [record.layers.at(-1), record.layers.at(-2)];
    const answer = JSON.stringify(await machine.qmp.run("query-block"));
    if (top === undefined || answer.includes(`"${top}"`)) {
      if (frozen !== undefined && !store.has(frozen)) store.take(join(directory, frozen), frozen);
    } else write({ layers: record.layers.slice(0, -1) }, "note");
  }

  return {
    get record() {
      return record;
    },
    write,
    topPath,
    session: living,
    whyEnded: () => (session && !living() ? session.machine.whyEnded() : whyEnded),

    async start(options) {
      network ??= record.network === "outbound" ? await workshop.network.reserve() : undefined;
      const { shape, uid, system } = record;
      return workshop.start({
        ...{ name: id, shape, uid, system, disks: disks(), directory, network, memory: options?.memory },
        onGroup: (cgroup) => write({ cgroup, slot: network?.slot }, "note"),
      });
    },
    moveInto(machine, line) {
      whyEnded = undefined;
      session = createSession(machine, record.keys, line);
      workshop.limitCpu(machine, record.limits);
      return session;
    },
    async discard(machine) {
      await machine.kill();
      session?.close();
      session = undefined;
      await freeNetwork();
      write(nowhere, "note");
    },
    async leave(options) {
      const { machine } = session ?? {};
      const cpuUsBefore = record.cpuUsBefore + (machine?.cpuUs() ?? 0);
      if (machine && !machine.isAlive()) whyEnded = machine.whyEnded();
      await machine?.kill();
      if (!machine && record.place) await killPlace(record.place, openCgroup(record.place.cgroup ?? []));
      session?.close();
      session = undefined;
      await freeNetwork();
      write({ ...nowhere, cpuUsBefore }, "note");
      whyEnded = options?.because ?? whyEnded;
    },
    async forget(line) {
      const cpuUsBefore = record.cpuUsBefore + (session?.machine.cpuUs() ?? 0);
      await session?.machine.kill();
      if (line) await line.transport.detach();
      else session?.close();
      session = undefined;
      await freeNetwork();
      write({ ...nowhere, cpuUsBefore }, "note");
    },
    async takeBack() {
      const { place, slot } = record;
      if (!place) throw new YardError("precondition", `Sandbox ${id} has no machine.`);
      if (slot !== undefined) network = workshop.network.adopt(slot);
      const machine = await openMachine(place, openCgroup(place.cgroup ?? []));
      await findTop(machine);
      return machine;
    },
    async addLayer() {
      const frozen = record.layers.at(-1) ?? "";
      const next = store.newName("disk");
      const path = join(directory, next);
      await makeTopLayer(workshop.programs.qemuImg, path, { diskBytes: record.diskBytes, uid: record.uid });
      const qmp = living()?.machine.qmp;
      const file = { driver: "file", filename: `/machine/${next}`, locking: "off" };
      const node = { driver: "qcow2", "node-name": next, discard: "unmap", file, backing: null };
      await qmp?.run("blockdev-add", node);
      write({ layers: [...record.layers, next] }, "intend");
      await qmp?.run("blockdev-snapshot", { node: frozen, overlay: next });
      return () => store.take(join(directory, frozen), frozen);
    },
    async measure() {
      const current = living();
      if (current) figures = await readFigures(await current.connection());
      return figures;
    },
    async measureRoom() {
      const current = living();
      if (!current) return figures;
      // Machines that were saved before they could be asked are few, and go when they are booted again.
      const isCurrent = record.system.initrd === (await workshop.system()).initrd;
      const asked = isCurrent ? askForRoom(current.machine) : current.connection().then(readFigures);
      const room = await asked.catch(() => undefined);
      figures = { ...figures, ...room };
      return figures;
    },
    cpuUs: () => record.cpuUsBefore + (session?.machine.cpuUs() ?? 0),
  };
}
