/** What the driver's machines are made with: programs, kernel and initial file system, the store, their network; and how one is started. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { newId, randomText } from "../../platform/ids.ts";
import { type Cgroup, openCgroup, openCgroups } from "../../platform/process/cgroups.ts";
import { bootId } from "../../platform/process/procfs.ts";
import { findTool } from "../namespace/availability.ts";
import {
  type NetworkOptions,
  type Connection as NetworkPlace,
  openSandboxNetwork,
  type SandboxNetwork,
} from "../namespace/network/network.ts";
import type { Limits } from "../sandbox.ts";
import type { Accelerator } from "./accelerator.ts";
import type { DiskFile, MachineShape } from "./emulator-arguments.ts";
import { ensureInitrd, keepKernel } from "./initrd.ts";
import { type Machine, startMachine } from "./machine.ts";
import type { KeptMemory } from "./memory-image.ts";
import type { Programs } from "./programs.ts";
import { machineOf, readQemuVersion } from "./qemu-version.ts";
import type { System } from "./store.ts";

export interface StartRequest {
  readonly name: string;
  readonly system: System;
  readonly shape: MachineShape;
  readonly disks: readonly DiskFile[];
  readonly directory: string;
  readonly uid: number;
  readonly network?: NetworkPlace;
  /** What it goes on from, in place of its first instruction. */
  readonly memory?: KeptMemory | undefined;
  /** Known before anything is started. */
  readonly onGroup?: (directories: readonly string[]) => void;
}

export interface Workshop extends AsyncDisposable {
  readonly programs: Programs;
  readonly network: SandboxNetwork;
  readonly boot: string;
  /** As machines are made with now. */
  system(): Promise<System>;
  /** It stands still, before its first instruction or without its memory. @throws {YardError} unavailable */
  start(request: StartRequest): Promise<Machine>;
  /** Kills whoever is in it, too. */
  removeGroup(directories: readonly string[]): Promise<void>;
  limitCpu(machine: Machine, limits: Limits): void;
}

const runtimeDirectory = "/run/runyard";
const mebibyte = 1024 * 1024;
/** Of the emulator itself, above what the machine has: translated code, its buffers. */
const emulatorBytes = 384 * mebibyte;
const emulatorProcesses = 128;
/** So that it has a group of the CPU controller from its start, for `limitCpu`. */
const unlimitedCpus = 1_024;

export async function openWorkshop(parts: {
  readonly programs: Programs;
  readonly accelerator: () => Promise<Accelerator>;
  /** Kernels and initial file systems. */
  readonly directory: string;
  /** What was changed on the host. */
  readonly changesDirectory: string;
  readonly owner: string;
  readonly nameServers?: NetworkOptions["nameServers"];
  readonly onNotice?: (message: string) => void;
}): Promise<Workshop> {
  const { programs, directory, owner } = parts;
  const bases = join(directory, "systems");
  mkdirSync(bases, { recursive: true, mode: 0o755 });
  const cgroups = openCgroups();
  const boot = bootId();
  const network = await openSandboxNetwork({
    owner,
    path: join(runtimeDirectory, `${owner}.network`),
    changesPath: join(parts.changesDirectory, "forwarding.json"),
    nft: findTool("nft"),
    nameServers: parts.nameServers,
    onNotice: parts.onNotice,
  });
  let system: Promise<System> | undefined;

  const workshop: Workshop = {
    programs,
    network,
    boot,
    system() {
      system ??= (async () => ({
        kernel: keepKernel(programs, bases).hash,
        initrd: (await ensureInitrd(programs, bases)).hash,
        accelerator: await parts.accelerator(),
        machine: machineOf(await readQemuVersion(programs.qemu)),
      }))().catch((error) => {
        system = undefined;
        throw error;
      });
      return system;
    },
    async start({ name, system: on, directory: place, network: connection, onGroup, ...request }) {
      const { shape } = request;
      const memoryBytes = shape.memoryMib * mebibyte + emulatorBytes;
      const limits = {
        memoryBytes,
        memoryAndSwapBytes: memoryBytes,
        processes: emulatorProcesses,
        cpus: unlimitedCpus,
      };
      const group: Cgroup | undefined = cgroups.usable ? cgroups.create(`microvm-${owner}-${name}`, limits) : undefined;
      onGroup?.(group?.directories ?? []);
      const machine = await startMachine({
        programs,
        accelerator: on.accelerator,
        machine: on.machine,
        kernel: join(bases, `kernel-${on.kernel}`),
        initrd: join(bases, `initrd-${on.initrd}`),
        ...request,
        directory: place,
        sockets: join(runtimeDirectory, newId("vm")),
        hasOutbound: connection !== undefined,
        boot,
        cgroup: group,
        log: join(place, "emulator.log"),
      });
      try {
        if (connection) await connect(connection, machine.place.pid);
        return machine;
      } catch (error) {
        await machine.kill();
        throw error;
      }
    },
    removeGroup: (directories) => openCgroup(directories).remove(),
    limitCpu({ place: { cgroup } }, { cpus, cpuShares }) {
      const name = cgroup?.[0]?.split("/").at(-1);
      if (name !== undefined && (cpus !== undefined || cpuShares !== undefined))
        cgroups.create(name, { cpus, cpuShares });
    },
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
  return workshop;
}

async function connect(connection: NetworkPlace, pid: number): Promise<void> {
  const namespace = openSync(`/proc/${pid}/ns/net`, "r");
  try {
    await connection.connect(namespace);
  } finally {
    closeSync(namespace);
  }
}

/** Above those of the namespace driver, where systemd's table of well-known ranges has nobody. */
export function newUserId(used: ReadonlySet<number>): number {
  const first = 0x7200_0000;
  for (;;) {
    const uid = first + Number.parseInt(randomText(3), 36);
    if (!used.has(uid)) return uid;
  }
}
