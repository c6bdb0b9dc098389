/** Starting a process by posix_spawn(3), in place of Node's fork and exec.
 *
 *  Node's own spawn copies the page tables of the whole process and holds the event loop meanwhile: 1.2 ms of CPU in a small process, 8 ms
 *  with 200 MB more. posix_spawn lends the child our memory until it executes its program (CLONE_VFORK): 0.26 ms, whatever our size
 *  (measured, /bin/true). What it gives up is Node's pipes, so it serves processes whose standard streams are files. */
import { openSync } from "node:fs";
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { libc, type RawSpawnRequest } from "./libc.ts";

export interface SpawnRequest {
  /** Path of the program; a relative one counts from `cwd`. */
  readonly file: string;
  /** The program's own name, then its arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of ours; null is /dev/null. Of our others the child has those that are not close-on-exec. */
  readonly stdio: readonly [number | null, number, number];
  /** Descriptors of ours that the child has as 3, 4 and so on. Each is higher than the number of all of them, so that none is overwritten before it is copied. */
  readonly more?: readonly number[];
}

export interface Spawned {
  readonly pid: number;
  readonly exited: Promise<WaitStatus>;
  /** It no longer keeps our process from ending. */
  release(): void;
}

export interface WaitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Starts a process in a session and group of its own, all signals as they are by default.
 *  @returns undefined where the system library cannot do it: Node's spawn is there for that
 *  @throws an error with the errno's name as its `code`, like Node's */
export function posixSpawn(request: SpawnRequest): Spawned | undefined {
  const library = libc();
  if (!library?.spawn) return undefined;
  listen();
  const { pid, errno } = library.spawn(rawRequest(request));
  if (errno !== 0) throw spawnError(errno, request.file);
  return { pid, exited: exitOf(pid), release: () => letGo(pid) };
}

/** The same, without holding up this thread. The descriptors must stay open until it has resolved. */
export async function posixSpawnAside(request: SpawnRequest): Promise<Spawned | undefined> {
  const library = libc();
  if (!library?.spawnAside) return undefined;
  listen();
  const { pid, errno } = await library.spawnAside(rawRequest(request));
  if (errno !== 0) throw spawnError(errno, request.file);
  return waitForChild(pid);
}

function rawRequest({ file, argv, cwd, env, stdio, more = [] }: SpawnRequest): RawSpawnRequest {
  const [input, output, errors] = stdio;
  return {
    file,
    argv,
    cwd,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    stdio: [input ?? nullDevice(), output, errors, ...more],
  };
}

/** A child that another thread of this process has started. It may be dead already, and its signal gone by; but until what waits for this call has run, its
 *  entry in /proc is there. */
export function waitForChild(pid: number): Spawned {
  listen();
  const exited = exitOf(pid);
  setImmediate(reap);
  return { pid, exited, release: () => letGo(pid) };
}

let opened: number | undefined;

/** Kept open: every process without standard input reads from it. */
function nullDevice(): number {
  opened ??= openSync("/dev/null", "r");
  return opened;
}

function spawnError(errno: number, file: string): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`spawn ${file} ${code}`), { code, errno: -errno, path: file });
}

/** Our children that have not been waited for, by pid. Node waits for its own one by one, so neither takes the other's dead. */
const waiting = new Map<number, (status: WaitStatus) => void>();
let listening = false;
/** Node lets go of a process that only waits for signals. Like its own children, ours hold it until they are released. */
const holding = new Set<number>();
let hold: NodeJS.Timeout | undefined;

/** Before the first child is started: it may be dead before we get to anything else, and its signal comes once. */
function listen(): void {
  if (!listening) process.on("SIGCHLD", reap);
  listening = true;
}

function exitOf(pid: number): Promise<WaitStatus> {
  holding.add(pid);
  hold ??= setInterval(() => {}, longestTimerMs);
  const { promise, resolve } = Promise.withResolvers<WaitStatus>();
  waiting.set(pid, resolve);
  return promise;
}

/** One signal may stand for several deaths. */
function reap(): void {
  for (const [pid, settle] of waiting) {
    const status = libc()?.wait(pid);
    if (status === undefined) continue;
    waiting.delete(pid);
    letGo(pid);
    settle(parseWaitStatus(status));
  }
}

function letGo(pid: number): void {
  holding.delete(pid);
  if (holding.size > 0) return;
  clearInterval(hold);
  hold = undefined;
}

const longestTimerMs = 2 ** 31 - 1;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

/** As wait(2) encodes it: the low seven bits are the signal, the next eight above one bit the exit code. */
export function parseWaitStatus(status: number): WaitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null };
  return { code: null, signal: signalNames.get(signal) ?? `SIG${signal}` };
}
