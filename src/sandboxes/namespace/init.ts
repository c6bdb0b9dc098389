/** The first process of a sandbox, and with it all its namespaces, made by bubblewrap. It waits for orphans and does nothing else; when it ends, the
 *  kernel ends all others. It has no capability, and no way to any. */
import { closeSync, existsSync, constants as fileConstants, openSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { kernel } from "../../platform/process/kernel.ts";
import { libc } from "../../platform/process/libc.ts";
import { posixSpawnAside, type Spawned } from "../../platform/process/posix-spawn.ts";
import { readStat } from "../../platform/process/procfs.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

export interface Init {
  readonly pid: number;
  readonly startTicks: number;
}

export interface InitParts {
  /** Of the sandbox, on the host: for what bubblewrap has to say. */
  readonly directory: string;
  readonly rootPath: string;
  readonly users: UserNamespaces;
  /** A file with the compiled filter of system calls. */
  readonly filterPath: string;
  /** Of the file system in memory that programs share memory by. */
  readonly sharedMemoryBytes: number;
  readonly marks: Readonly<Record<string, string>>;
  /** Nobody waits for it: whatever else there is to do goes first. */
  readonly isAhead?: boolean;
  readonly programs: { readonly bwrap: string; readonly nsenter: string };
  /** Where it joins its control groups. */
  readonly doors: readonly string[];
  /** Called with the first process before it runs anything, its namespaces being there. */
  readonly onBorn: (pid: number) => Promise<void>;
}

const startTimeoutMs = 30_000;
const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Joins its control groups, by the descriptors from 3 on that it is handed: itself, as only then that costs next to nothing (cgroups.ts). Says that it is there, then
 *  waits for whoever has lost its parent. A shell waits only while it has a child: that reads from a pipe which nobody writes to, as a program that sleeps would be one more
 *  to start. As process 1 it cannot be killed from inside; its child can, and is replaced. */
function initScript(doors: number): string {
  const numbers = Array.from({ length: doors }, (_, i) => firstDoorFd + i);
  const join = numbers.map((fd) => `echo 0 >&${fd} || exit; exec ${fd}>&-`).join("; ");
  const stay = `while :; do (read _ <&${firstDoorFd + doors}) & wait $!; done`;
  return `${join}; trap "" INT; echo ready; exec >/dev/null 2>&1; ${stay}`;
}

/** Of a sandbox in which nothing runs: the first process, and always its child. */
export const keepingProcesses = 2;

/** Doors, of which there are five at most, and the silent pipe after them have one digit each: `sh` knows no more. What bubblewrap is handed for itself comes then. */
const firstDoorFd = 3;
const O_PATH = 0o10000000;

/** Of the whole machine, or its handles; those of them that this kernel has. */
const hiddenFiles = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/kmsg",
  "/proc/timer_list",
  "/proc/sched_debug",
  "/proc/sysrq-trigger",
];

/** @returns the process, and bubblewrap's own beside it, which ends after it
 *  @throws {YardError} unavailable, with what bubblewrap said */
export async function startInit(parts: InitParts): Promise<{ init: Init; monitor: Spawned }> {
  const pipes = { info: kernel().pipe(), gate: kernel().pipe(), ready: kernel().pipe() };
  using info = readerOf(pipes.info.readEnd);
  using ready = readerOf(pipes.ready.readEnd);
  using gate = closer(pipes.gate.writeEnd);
  const monitor = await startBubblewrap(parts, {
    info: pipes.info.writeEnd,
    gate: pipes.gate.readEnd,
    ready: pipes.ready.writeEnd,
  });
  if (parts.isAhead) setPriority(monitor.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  let pid = 0;
  try {
    pid = Number(/"child-pid":\s*(\d+)/.exec(await info.until("}"))?.[1]);
    const startTicks = readStat(pid)?.startTicks;
    if (!startTicks) throw startFailed(parts.directory);
    await parts.onBorn(pid);
    gate[Symbol.dispose]();
    if (!(await ready.until("ready"))) throw startFailed(parts.directory);
    return { init: { pid, startTicks }, monitor };
  } catch (error) {
    for (const one of [pid, monitor.pid]) killChild(one);
    // It has ended under our hands: what it said is the reason.
    throw errnoOf(error) === "ESRCH" ? startFailed(parts.directory) : error;
  }
}

/** @param ends descriptors for bubblewrap, closed here */
async function startBubblewrap(
  parts: InitParts,
  ends: { info: number; gate: number; ready: number },
): Promise<Spawned> {
  using opened = new DisposableStack();
  const theirs = (fd: number) => opened.adopt(fd, closeSync);
  for (const fd of Object.values(ends)) theirs(fd);
  const { programs, users } = parts;
  const log = theirs(openSync(join(parts.directory, "init.log"), "w", 0o600));
  const root = theirs(openSync(parts.rootPath, O_PATH | fileConstants.O_DIRECTORY));
  const filter = theirs(openSync(parts.filterPath, "r"));
  const doors = parts.doors.map((path) => theirs(openSync(path, "w")));
  const handed = [...doors, theirs(openSilence()), root, users.inner, filter, ends.info, ends.gate];
  const firstFree = firstDoorFd + handed.length;
  const more = handed.map((fd) => (fd >= firstFree ? fd : theirs(libc()?.duplicate(fd, firstFree) ?? fd)));
  const enter = ["nsenter", `--user=/proc/${process.pid}/fd/${users.outer}`, "--"];
  const monitor = await posixSpawnAside({
    file: programs.nsenter,
    argv: [...enter, programs.bwrap, ...options(parts), "--", "/bin/sh", "-c", initScript(doors.length)],
    cwd: "/",
    env: { PATH: standardPath },
    stdio: [null, ends.ready, log],
    more,
  });
  if (monitor) return monitor;
  throw new YardError("precondition", "This system's C library has no posix_spawn that changes directory.");
}

/** What is read from it does not come, and does not end: it is a pipe's both ends in one. */
function openSilence(): number {
  const { readEnd, writeEnd } = kernel().pipe();
  try {
    return openSync(`/proc/self/fd/${readEnd}`, "r+");
  } finally {
    for (const fd of [readEnd, writeEnd]) closeSync(fd);
  }
}

function closer(fd: number): Disposable {
  let isOpen = true;
  return {
    [Symbol.dispose]() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** It has not been waited for, so the number is its own. */
function killChild(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function options({ sharedMemoryBytes, marks, doors }: InitParts): string[] {
  const handed = (place: number) => `${firstDoorFd + doors.length + place}`;
  const [root, users, filter, info, gate] = [1, 2, 3, 4, 5].map(handed) as [string, string, string, string, string];
  return [
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup"],
    ...["--userns2", users, "--cap-drop", "ALL", "--seccomp", filter],
    ...["--info-fd", info, "--block-fd", gate],
    ...["--as-pid-1", "--new-session"],
    ...["--bind-fd", root, "/", "--proc", "/proc", "--dev", "/dev"],
    ...["--perms", "1777", "--size", `${sharedMemoryBytes}`, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ...hiddenFiles.filter((path) => existsSync(path)).flatMap((path) => ["--ro-bind", "/dev/null", path]),
    ...["--clearenv", "--setenv", "PATH", standardPath, "--chdir", "/"],
    ...Object.entries(marks).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
}

function startFailed(directory: string): YardError {
  const said = readFileSync(join(directory, "init.log"), "utf8").trim().slice(0, 500);
  return new YardError("unavailable", `The sandbox did not start: ${said || "bubblewrap ended without a word"}.`);
}

/** @returns what was read up to `word`; nothing if it did not come */
function readerOf(fd: number): Disposable & { until(word: string): Promise<string> } {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("error", () => {});
  return {
    async until(word) {
      using _limit = setTimeout(() => socket.destroy(), startTimeoutMs);
      let text = "";
      for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        text += bytes;
        if (text.includes(word)) return text;
      }
      return "";
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}
