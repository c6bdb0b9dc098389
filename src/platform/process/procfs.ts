/** What /proc tells about processes. @see proc(5) */
import { readdirSync, readFileSync, statSync } from "node:fs";

export interface ProcessStat {
  readonly pid: number;
  /** Of its program: the first 15 bytes, or what it has set itself. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** One letter; `Z` is dead but not yet waited for. */
  readonly state: string;
  /** CPU time of itself and of the children it has waited for, in clock ticks. */
  readonly cpuTicks: number;
  /** Since boot: together with the pid it names one process for ever, as pids are used again. */
  readonly startTicks: number;
  readonly rssBytes: number;
}

/** @returns undefined if there is no such process */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  return parseStat(pid, text);
}

/** The line that /proc has for a process, read as latin1 where its name matters. */
export function parseStat(pid: number, text: string): ProcessStat {
  // The name in parentheses may hold anything, also ") "; what follows its last one are plain fields, from number 3 on.
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid,
    name: Buffer.from(text.slice(text.indexOf("(") + 1, nameEnd), "latin1").toString(),
    state: fields[0] ?? "?",
    parent: field(4),
    group: field(5),
    session: field(6),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    startTicks: field(22),
    rssBytes: field(24) * kernelConstants().pageBytes,
  };
}

/** Whether the process with that pid is the one that started then, and has not ended. */
export function isAlive(pid: number, startTicks: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && !isDead(stat);
}

/** Ended, and perhaps not yet waited for by its parent. */
export function isDead({ state }: ProcessStat): boolean {
  return state === "Z" || state === "X";
}

/** Its number in the pid namespace that it is in, also while it is dead and not waited for. */
export function readInnermostPid(pid: number): number | undefined {
  try {
    const numbers = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]?.split(/\s+/);
    return numbers && Number(numbers.at(-1));
  } catch {
    return undefined;
  }
}

export function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const first = name.charCodeAt(0);
    if (first >= 48 && first <= 57) pids.push(Number(name));
  }
  return pids;
}

/** `NAME=value` entries that the process was started with; empty if it is gone or not ours to read. */
export function readEnvironment(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** The user it runs as; undefined if it is gone. */
export function readOwner(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

export function countOpenFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** New with each boot: pids and start times from before mean nothing after. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

let constants: { pageBytes: number; ticksPerSecond: number } | undefined;

/** Page size and clock ticks per second, from the vector that the kernel hands to each program. @see getauxval(3) */
export function kernelConstants(): { readonly pageBytes: number; readonly ticksPerSecond: number } {
  constants ??= readConstants();
  return constants;
}

function readConstants(): { pageBytes: number; ticksPerSecond: number } {
  const AT_PAGESZ = 6n;
  const AT_CLKTCK = 17n;
  const vector = new BigUint64Array(new Uint8Array(readFileSync("/proc/self/auxv")).buffer);
  const entry = (type: bigint) => {
    for (let i = 0; i + 1 < vector.length; i += 2) if (vector[i] === type) return Number(vector[i + 1]);
    return undefined;
  };
  return { pageBytes: entry(AT_PAGESZ) ?? 4096, ticksPerSecond: entry(AT_CLKTCK) ?? 100 };
}
