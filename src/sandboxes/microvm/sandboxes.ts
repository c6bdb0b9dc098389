/** The sandboxes of the driver: made, taken back from an earlier agent, and forgotten. */
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { createAttendants } from "../container/attendant.ts";
import type { StartExec } from "../container/engine-exec.ts";
import { createProbe } from "../container/probe.ts";
import type { StartProcess } from "../container/process-start.ts";
import { createContainerProcesses, type Surroundings } from "../container/processes.ts";
import { minimalTemplate } from "../container/templates.ts";
import { createUsageMeter } from "../container/usage.ts";
import { deleteLogs } from "../processes/logs.ts";
import type { Records } from "../processes/open-records.ts";
import type { Arrivals, Limits, LocalSandbox, SandboxSpec } from "../sandbox.ts";
import { createArrivals } from "./arrivals.ts";
import { createDeparture } from "./departure.ts";
import { createHome, type Home } from "./home.ts";
import type { GoldenImages, ReadyGround } from "./images.ts";
import { createLayerHashes } from "./layer-hashes.ts";
import type { MachineKind } from "./machine-kind.ts";
import type { Packer } from "./packer.ts";
import { asData, asRecord, type MicrovmRecord } from "./records.ts";
import { createMicrovmSandbox } from "./sandbox.ts";
import { createSftpTransfers } from "./sftp.ts";
import { shapeOf } from "./shape.ts";
import { makeKeys } from "./ssh.ts";
import { makeTopLayer, type Store } from "./store.ts";
import type { Templates } from "./templates.ts";
import { newUserId, type Workshop } from "./workshop.ts";

export interface MicrovmSandboxes {
  /** Once, however often it is asked for. @throws {YardError} invalid, precondition, unavailable, storage_full; then nothing is left */
  create(spec: SandboxSpec): Promise<LocalSandbox>;
  /** Makes the golden image that one of that template with these limits is restored from, if there is none. @throws {YardError} as `create` */
  prepare(template: string, limits: Limits): Promise<void>;
  find(id: string): LocalSandbox | undefined;
  all(): readonly LocalSandbox[];
  readonly arrivals: Arrivals;
  /** Takes back what the journal knows of; what is left of others is removed. */
  recover(): Promise<void>;
  /** Lets go of all of them, and leaves them running. */
  release(): Promise<void>;
}

export interface SandboxesParts {
  readonly directory: string;
  readonly records: Records;
  readonly workshop: Workshop;
  readonly store: Store;
  readonly templates: Templates;
  readonly images: GoldenImages;
  readonly packer: Packer;
  /** What memories of here depend on. */
  readonly kind: () => Promise<MachineKind>;
  /** Removes what neither templates nor sandboxes need. */
  readonly collect: () => void;
}

interface Held {
  readonly home: Home;
  readonly sandbox: LocalSandbox;
  readonly transfers: Disposable;
  readonly surroundings: Surroundings;
}

const mebibyte = 1024 * 1024;
const defaultDiskBytes = 5 * 1024 ** 3;

export function createMicrovmSandboxes(parts: SandboxesParts): MicrovmSandboxes {
  const { directory, records, workshop, store, templates, images, packer, collect, kind } = parts;
  const { state } = records;
  const machines = join(directory, "machines");
  mkdirSync(machines, { recursive: true, mode: 0o700 });
  const held = new Map<string, Held>();
  const making = new Map<string, Promise<LocalSandbox>>();
  const hashes = createLayerHashes(store);
  const surroundingsOf = (id: string): Surroundings => {
    const one = held.get(id);
    if (!one) throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
    return one.surroundings;
  };
  const processes = createContainerProcesses({ records, directory, surroundingsOf });

  function add(id: string, kept: MicrovmRecord): Held {
    const write = (record: MicrovmRecord, how: "intend" | "note") =>
      records[how]({ type: "sandbox", sandbox: id, data: asData(record) });
    const home = createHome({ id, record: kept, directory: join(machines, id), workshop, store, packer, write });
    const startExec: StartExec = async (request) => (await home.connection()).startExec(request);
    const attendants = createAttendants(startExec);
    const transfers = createSftpTransfers(async () => (await home.connection()).startSftp());
    const usage = createUsageMeter(attendants);
    const isGone = async () => home.state() === "stopped";
    const probe = createProbe(
      (spec) => processes.exec(id, spec),
      (process) => processes.forget({ sandbox: id, process }),
    );
    const onDestroyed = async () => {
      for (const process of processes.of(id)) await processes.forget({ sandbox: id, process: process.id });
      forget(id);
    };
    const startProcess: StartProcess = async (start) => (await home.connection()).startProcess(start);
    const surroundings = { startProcess, env: [], attendants, usage, isGone };
    const departure = createDeparture({ id, home, directory, place: join(machines, id), records, store, hashes, kind });
    const inside = { attendants, transfers, processes, probe };
    const sandbox = createMicrovmSandbox({ id, home, ...inside, templates, departure, onDestroyed });
    const one: Held = { home, sandbox, transfers, surroundings };
    held.set(id, one);
    return one;
  }

  function forget(id: string): void {
    for (const one of state.processes.values()) if (one.sandbox === id) deleteLogs(directory, one);
    records.note({ type: "destroyed", sandbox: id });
    held.delete(id);
    collect();
  }

  async function groundFor(template: string, limits: Limits): Promise<ReadyGround> {
    checkLimits(limits);
    const ground = await images.of(await templates.groundOf(template), shapeOf(limits));
    requireRoom(ground, limits);
    return ground;
  }

  const freeUserId = () =>
    newUserId(new Set([...state.sandboxes.values()].flatMap((data) => asRecord(data)?.uid ?? [])));

  async function make(spec: SandboxSpec): Promise<LocalSandbox> {
    const { id, limits = {}, network = "none", template = minimalTemplate } = spec;
    using _held = store.hold();
    const ground = await groundFor(template, limits);
    const uid = freeUserId();
    const layer = store.newName("disk");
    const { diskBytes: wantedBytes = defaultDiskBytes } = limits;
    const record: MicrovmRecord = {
      limits,
      network,
      shape: ground.memory.shape,
      system: ground.memory.system,
      layers: [...ground.layers, layer],
      diskBytes: ground.diskBytes + Math.max(0, wantedBytes - ground.freeBytes),
      uid,
      keys: makeKeys(),
      cpuUsBefore: 0,
    };
    records.intend({ type: "sandbox", sandbox: id, data: asData(record) });
    const { home, sandbox } = add(id, record);
    try {
      const place = join(machines, id);
      mkdirSync(place, { mode: 0o700 });
      chownSync(place, uid, uid);
      await makeTopLayer(workshop.programs.qemuImg, join(place, layer), { diskBytes: ground.diskBytes, uid });
      await home.begin(ground.memory);
      return sandbox;
    } catch (error) {
      await sandbox.destroy().catch(() => {}); // the record leads whoever tries again to what is left
      throw error;
    }
  }

  const arrivals = createArrivals({
    ...{ directory, machines, records, store, hashes, workshop, kind, newUserId: freeUserId },
    has: (id) => held.has(id) || making.has(id),
    admit(id, record) {
      add(id, record);
      processes.recover(id);
    },
  });

  return {
    arrivals,
    create(spec) {
      const already = making.get(spec.id);
      if (already) return already;
      const existing = held.get(spec.id)?.sandbox;
      if (existing && existing.status() !== "gone") return Promise.resolve(existing);
      const made = make(spec).finally(() => making.delete(spec.id));
      making.set(spec.id, made);
      return made;
    },
    async prepare(template, limits) {
      await groundFor(template, limits);
    },
    find: (id) => held.get(id)?.sandbox,
    all: () => [...held.values()].map(({ sandbox }) => sandbox),
    async recover() {
      const known = [...state.sandboxes].flatMap(([id, data]) => {
        const kept = asRecord(data);
        return kept ? [add(id, kept)] : [];
      });
      await Promise.all(known.map(({ home }) => home.adopt())); // one that does not answer holds up no other
      await workshop.network.recover();
      processes.recover();
      for (const name of readdirSync(machines)) {
        if (!held.has(name)) rmSync(join(machines, name), { recursive: true, force: true });
      }
      for (const [id, { home }] of held) {
        const isMade = home.record.usedBefore !== undefined && existsSync(join(machines, id));
        if (!isMade) await held.get(id)?.sandbox.destroy();
        else if (home.state() === "stopped") await processes.endAll(id);
      }
      collect();
    },
    async release() {
      processes.release();
      for (const { surroundings, transfers } of held.values()) {
        surroundings.attendants[Symbol.dispose]();
        transfers[Symbol.dispose]();
      }
      await Promise.all([...held.values()].map(({ home }) => home.release()));
    },
  };
}

/** @throws {YardError} invalid: a saved machine is as large as it was */
function requireRoom({ memory: { shape } }: ReadyGround, { memoryBytes }: Limits): void {
  const wantedMib = memoryBytes === undefined ? 0 : memoryBytes / mebibyte;
  if (wantedMib <= shape.memoryMib) return;
  const message = `The template holds the memory of a machine of ${shape.memoryMib} MiB: no more can be given to what starts from it.`;
  throw new YardError("invalid", message, { field: "limits.memoryBytes" });
}

/** @throws {YardError} invalid */
function checkLimits({ memoryBytes, diskBytes, cpus }: Limits): void {
  const leastMemoryBytes = 16 * mebibyte;
  const leastDiskBytes = 16 * mebibyte;
  if (memoryBytes !== undefined && memoryBytes < leastMemoryBytes) {
    throw new YardError("invalid", `A machine needs ${leastMemoryBytes} bytes of memory.`, {
      field: "limits.memoryBytes",
    });
  }
  if (diskBytes !== undefined && diskBytes < leastDiskBytes) {
    throw new YardError("invalid", `A disk needs ${leastDiskBytes} bytes at least.`, { field: "limits.diskBytes" });
  }
  if (cpus !== undefined && !(cpus >= 0.01)) {
    throw new YardError("invalid", "The least that a machine can have is a hundredth of a core.", {
      field: "limits.cpus",
    });
  }
}
