/** One running emulator: started here, or taken back from an earlier agent by its number and start time. */
import { spawn } from "node:child_process";
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { isAlive, kernelConstants, readStat } from "../../platform/process/procfs.ts";
import { killProcess } from "../../platform/process/signals.ts";
import { after } from "../../platform/timers.ts";
import { confinedEmulator, type EmulatorParts, socketNames } from "./emulator-arguments.ts";
import {
  checkMemory,
  DamagedMemory,
  type KeptMemory,
  keepMemory,
  type MemoryImage,
  sendPacked,
} from "./memory-image.ts";
import { connectWhenThere, openQmp, type Qmp, qemuError } from "./qmp.ts";

/** What finds it again. */
export interface MachinePlace {
  readonly pid: number;
  readonly startTicks: number;
  readonly boot: string;
  readonly uid: number;
  readonly sockets: string;
  readonly cgroup?: readonly string[];
}

export interface Machine {
  readonly place: MachinePlace;
  readonly qmp: Qmp;
  isAlive(): boolean;
  /** Why it is no longer alive. */
  whyEnded(): string;
  /** CPU time of the emulator, in microseconds. */
  cpuUs(): number;
  /** The far end of one of its ports. @throws {YardError} timeout, unavailable */
  connect(name: "serial" | "ssh"): ReturnType<typeof connectWhenThere>;
  /** Runs, or goes on. */
  go(): Promise<void>;
  /** Stands still: nothing of its disk or memory changes. */
  halt(): Promise<void>;
  /** Of one that stands still. @throws {YardError} storage_full, unavailable; it may go on then */
  saveMemory(path: string): Promise<MemoryImage>;
  /** Into one that was started for it; it is what was written then. @throws {YardError} unavailable */
  loadMemory(): Promise<void>;
  /** Gives up a memory that an earlier agent was saving: the machine would stand still again at its end. */
  stopSaving(): Promise<void>;
  /** Ends it at once; resolves when it is gone. Its sockets go with it. */
  kill(): Promise<void>;
}

const comeUpTimeoutMs = 60_000;
const memoryTimeoutMs = 10 * 60_000;
/** It is read as fast as it is sent, from the page cache or a disk. */
const sendTimeoutMs = 2 * 60_000;
/** Once all of it was sent: what is left is a few milliseconds of the emulator's own work. */
const takenTimeoutMs = 30_000;
const lookAgainMs = 5;
const goneTimeoutMs = 20_000;
/** QEMU stops a machine whose disk cannot grow as the host's is full. What it was about to write is tried again when it goes on, so nothing is lost by the wait. */
const fullDiskRetryMs = 2_000;
/** More than any disk or socket takes: nothing of the machine runs meanwhile that it could be in the way of. */
const unlimitedBytesPerSecond = 2 ** 50;

/** What the emulator inherits it as. */
const imageDescriptor = 4;
const writtenAs = "memory";

/** By QEMU's word for it. A kernel that panics resets its machine, too. */
const endings: Readonly<Record<string, string>> = {
  "guest-shutdown": "Its machine was powered off from inside.",
  "guest-reset": "Its machine was restarted from inside, or its kernel has panicked.",
  "guest-panic": "The kernel of its machine has panicked.",
  "host-signal": "The emulator of its machine was ended from outside.",
};

export interface MachineParts {
  readonly boot: string;
  readonly cgroup: Cgroup | undefined;
  /** What the emulator has to say goes there. */
  readonly log: string;
  /** What it goes on from, in place of its first instruction. */
  readonly memory?: KeptMemory | undefined;
}

/** Its memory is checked from here on, while the emulator starts and reads it, too.
 *  @throws {YardError} unavailable */
export async function startMachine(parts: Omit<EmulatorParts, "isRestored"> & MachineParts): Promise<Machine> {
  const { sockets, uid, cgroup, boot, memory } = parts;
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  chownSync(sockets, uid, uid);
  const argv = confinedEmulator({ ...parts, isRestored: memory !== undefined });
  const [file = "", ...args] = cgroup ? cgroup.joining(argv) : argv;
  const log = openSync(parts.log, "w", 0o600);
  const image = isRead(memory) ? openImage(memory) : "ignore";
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", log, log, "pipe", image],
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  for (const fd of [log, image]) if (typeof fd === "number") closeSync(fd);
  const checked = isRead(memory) ? checkMemory(memory) : undefined;
  checked?.catch(() => {}); // who loads it is told
  child.on("error", () => {});
  const told = await text(child.stdio[3] as Readable);
  const pid = Number(/"child-pid":\s*(\d+)/.exec(told)?.[1] ?? 0);
  const startTicks = readStat(pid)?.startTicks ?? 0;
  child.unref();
  const place: MachinePlace = { pid, startTicks, boot, uid, sockets, cgroup: cgroup?.directories };
  try {
    return await openMachine(place, cgroup, memory && { memory, checked });
  } catch (cause) {
    await killPlace(place, cgroup);
    const said = readFileSync(parts.log, "utf8").trim().slice(-500) || String(cause);
    throw new YardError("unavailable", `The machine cannot be started: ${said}.`, { cause });
  }
}

/** Whether the emulator reads it from the file itself. */
const isRead = (memory: KeptMemory | undefined): memory is KeptMemory =>
  memory !== undefined && memory.image.packedBytes === undefined;

/** @throws {YardError} unavailable, if it is gone */
function openImage({ path }: KeptMemory): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw errnoOf(error) === "ENOENT" ? new DamagedMemory(path) : error;
  }
}

/** @throws {YardError} unavailable, if it is gone */
export async function openMachine(
  place: MachinePlace,
  cgroup: Cgroup | undefined,
  awaited?: { readonly memory: KeptMemory; readonly checked: Promise<void> | undefined },
): Promise<Machine> {
  const { pid, startTicks, sockets } = place;
  const lives = () => pid > 0 && isAlive(pid, startTicks);
  const reach = { timeoutMs: comeUpTimeoutMs, hasEnded: () => !lives() };
  let isHalted = false;
  let retry: Disposable | undefined;
  const goOn = () => {
    if (!isHalted && lives()) qmp.run("cont").catch(() => {}); // it has ended
  };
  const onEvent = (name: string) => {
    if (name !== "BLOCK_IO_ERROR") return;
    retry?.[Symbol.dispose]();
    retry = after(fullDiskRetryMs, goOn);
  };
  const qmp = await openQmp(join(sockets, socketNames.qmp), { ...reach, onEvent });

  /** Until the status that it tells is such a one. @returns its whole answer then */
  async function settled(command: string, timeoutMs: number, isDone: (status: string) => boolean): Promise<unknown> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = await qmp.run(command);
      const status = typeof answer === "object" && answer !== null && "status" in answer ? String(answer.status) : "";
      if (isDone(status)) return answer;
      if (performance.now() > deadline) throw new YardError("timeout", "The memory of the machine takes too long.");
      await sleep(lookAgainMs);
    }
  }

  async function writeOut(): Promise<void> {
    await qmp.run("migrate-set-parameters", { "max-bandwidth": unlimitedBytesPerSecond });
    await qmp.run("migrate", { uri: `fd:${writtenAs}` });
    requireSaved(await settled("query-migrate", memoryTimeoutMs, isOver));
  }

  async function stopSaving(): Promise<void> {
    await qmp.run("migrate_cancel");
    await settled("query-migrate", takenTimeoutMs, isOver);
  }

  async function readIn(): Promise<void> {
    await qmp.run("migrate-incoming", { uri: `fd:${imageDescriptor}` });
    await settled("query-status", memoryTimeoutMs, (status) => status !== "inmigrate");
  }

  async function readInPacked(memory: KeptMemory): Promise<void> {
    const at = join(sockets, socketNames.memory);
    await qmp.run("migrate-incoming", { uri: `unix:/sockets/${socketNames.memory}` });
    await sendPacked(memory, await connectWhenThere(at, { ...reach, allowHalfOpen: true }), sendTimeoutMs);
    await settled("query-status", takenTimeoutMs, (status) => status !== "inmigrate");
  }

  return {
    place,
    qmp,
    isAlive: () => lives() || !qmp.hasEnded(), // its last words, which say why it has ended, may still be on their way
    whyEnded: () => endings[qmp.shutdownCause() ?? ""] ?? "The emulator of its machine has died, or was killed.",
    cpuUs() {
      const stat = readStat(pid);
      if (stat?.startTicks !== startTicks) return 0;
      return Math.round((stat.cpuTicks / kernelConstants().ticksPerSecond) * 1_000_000);
    },
    connect: (name) => connectWhenThere(join(sockets, socketNames[name]), reach),
    async go() {
      isHalted = false;
      await qmp.run("cont");
    },
    async halt() {
      isHalted = true;
      await qmp.run("stop");
    },
    async saveMemory(path) {
      const file = openSync(path, "wx", 0o600);
      try {
        await qmp.give(writtenAs, file);
      } finally {
        closeSync(file);
      }
      try {
        return await keepMemory(path, writeOut);
      } catch (error) {
        await stopSaving().catch(() => {});
        throw error;
      }
    },
    stopSaving,
    async loadMemory() {
      if (!awaited) return;
      const loaded = awaited.checked ? readIn() : readInPacked(awaited.memory);
      const [check, load] = await Promise.allSettled([awaited.checked, loaded]);
      for (const one of [check, load]) if (one.status === "rejected") throw one.reason;
    },
    async kill() {
      retry?.[Symbol.dispose]();
      await killPlace(place, cgroup);
      qmp[Symbol.dispose]();
    },
  };
}

/** Of the saving of a memory, in QEMU's words; none if there has been none. */
const isOver = (status: string) => ["", "none", "completed", "failed", "cancelled"].includes(status);

function requireSaved(answer: unknown): void {
  const { status, "error-desc": reason = status } = answer as { status?: unknown; "error-desc"?: unknown };
  if (status !== "completed") throw qemuError("QEMU has given up on the memory of the machine", String(reason));
}

/** Also one that was never spoken to. */
export async function killPlace({ pid, startTicks, sockets }: MachinePlace, cgroup: Cgroup | undefined): Promise<void> {
  if (pid > 0) killProcess(pid, startTicks);
  const deadline = performance.now() + goneTimeoutMs;
  while (pid > 0 && isAlive(pid, startTicks) && performance.now() < deadline) await sleep(lookAgainMs);
  await cgroup?.remove();
  if (existsSync(sockets)) rmSync(sockets, { recursive: true, force: true });
}
