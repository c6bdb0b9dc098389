/** One running emulator: started here, or taken back from an earlier agent by its number and start time. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { isAlive, kernelConstants, readStat } from "../../platform/process/procfs.ts";
import { killProcess } from "../../platform/process/signals.ts";
import { after } from "../../platform/timers.ts";
import { confinedEmulator, type EmulatorParts, socketNames } from "./emulator-arguments.ts";
import { type MemoryImage, sendMemory, writeMemory } from "./memory-image.ts";
import { connectWhenThere, openQmp, type Qmp } from "./qmp.ts";

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
  /** Into one that was started for it. @throws {YardError} unavailable */
  loadMemory(path: string, image: MemoryImage): Promise<void>;
  /** Ends it at once; resolves when it is gone. Its sockets go with it. */
  kill(): Promise<void>;
}

const comeUpTimeoutMs = 60_000;
const memoryTimeoutMs = 10 * 60_000;
/** It is read as fast as it is sent, from the page cache or a disk. */
const sendTimeoutMs = 2 * 60_000;
/** Once all of it was sent: what is left is a few milliseconds of the emulator's own work. */
const takenTimeoutMs = 30_000;
const lookAgainMs = 10;
const goneTimeoutMs = 20_000;
/** QEMU stops a machine whose disk cannot grow as the host's is full. What it was about to write is tried again when it goes on, so nothing is lost by the wait. */
const fullDiskRetryMs = 2_000;
/** More than any disk or socket takes: nothing of the machine runs meanwhile that it could be in the way of. */
const unlimitedBytesPerSecond = 2 ** 50;

/** By QEMU's word for it. A kernel that panics resets its machine, too. */
const endings: Readonly<Record<string, string>> = {
  "guest-shutdown": "Its machine was powered off from inside.",
  "guest-reset": "Its machine was restarted from inside, or its kernel has panicked.",
  "guest-panic": "The kernel of its machine has panicked.",
  "host-signal": "The emulator of its machine was ended from outside.",
};

/** @param parts.log what the emulator has to say goes there
 *  @throws {YardError} unavailable */
export async function startMachine(
  parts: EmulatorParts & { boot: string; cgroup: Cgroup | undefined; log: string },
): Promise<Machine> {
  const { sockets, uid, cgroup, boot } = parts;
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  chownSync(sockets, uid, uid);
  const argv = confinedEmulator(parts);
  const [file = "", ...args] = cgroup ? cgroup.joining(argv) : argv;
  const log = openSync(parts.log, "w", 0o600);
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", log, log, "pipe"],
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  closeSync(log);
  child.on("error", () => {});
  const told = await text(child.stdio[3] as Readable);
  const pid = Number(/"child-pid":\s*(\d+)/.exec(told)?.[1] ?? 0);
  const startTicks = readStat(pid)?.startTicks ?? 0;
  child.unref();
  const place: MachinePlace = { pid, startTicks, boot, uid, sockets, cgroup: cgroup?.directories };
  try {
    return await openMachine(place, cgroup);
  } catch (cause) {
    await killPlace(place, cgroup);
    const said = readFileSync(parts.log, "utf8").trim().slice(-500) || String(cause);
    throw new YardError("unavailable", `The machine cannot be started: ${said}.`, { cause });
  }
}

/** @throws {YardError} unavailable, if it is gone */
export async function openMachine(place: MachinePlace, cgroup: Cgroup | undefined): Promise<Machine> {
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

  /** Until it says so. */
  async function settled(command: string, timeoutMs: number, isDone: (status: string) => boolean): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = await qmp.run(command);
      const status = typeof answer === "object" && answer !== null && "status" in answer ? String(answer.status) : "";
      if (isDone(status)) return;
      if (status === "failed" || status === "cancelled")
        throw new YardError("unavailable", "QEMU has given up on the memory of the machine.");
      if (performance.now() > deadline) throw new YardError("timeout", "The memory of the machine takes too long.");
      await sleep(lookAgainMs);
    }
  }

  return {
    place,
    qmp,
    isAlive: lives,
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
      const at = join(sockets, socketNames.memory);
      rmSync(at, { force: true });
      const server = createServer({ pauseOnConnect: true });
      try {
        server.listen(at);
        await once(server, "listening");
        chownSync(at, place.uid, place.uid);
        const connected = once(server, "connection", { signal: AbortSignal.timeout(comeUpTimeoutMs) });
        await qmp.run("migrate-set-parameters", { "max-bandwidth": unlimitedBytesPerSecond });
        await qmp.run("migrate", { uri: `unix:/sockets/${socketNames.memory}` });
        const [socket] = await connected;
        const image = await writeMemory(socket, path, memoryTimeoutMs);
        await settled("query-migrate", takenTimeoutMs, (status) => status === "completed");
        return image;
      } catch (error) {
        await qmp.run("migrate_cancel").catch(() => {});
        throw error;
      } finally {
        server.close();
      }
    },
    async loadMemory(path, image) {
      const at = join(sockets, socketNames.memory);
      await qmp.run("migrate-incoming", { uri: `unix:/sockets/${socketNames.memory}` });
      await sendMemory(path, image, await connectWhenThere(at, { ...reach, allowHalfOpen: true }), sendTimeoutMs);
      await settled("query-status", takenTimeoutMs, (status) => status !== "inmigrate");
    },
    async kill() {
      retry?.[Symbol.dispose]();
      await killPlace(place, cgroup);
      qmp[Symbol.dispose]();
    },
  };
}

/** Also one that was never spoken to. */
export async function killPlace({ pid, startTicks, sockets }: MachinePlace, cgroup: Cgroup | undefined): Promise<void> {
  if (pid > 0) killProcess(pid, startTicks);
  const deadline = performance.now() + goneTimeoutMs;
  while (pid > 0 && isAlive(pid, startTicks) && performance.now() < deadline) await sleep(lookAgainMs);
  await cgroup?.remove();
  if (existsSync(sockets)) rmSync(sockets, { recursive: true, force: true });
}
