/** What a machine is told over its serial port whenever it was started or restored, before the first command: who it is, what time it is, and that it has a past
 *  that others may share (inside/init-script.ts). */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { YardError } from "../../platform/errors.ts";
import type { Limits } from "../sandbox.ts";
import { guestNetwork } from "./emulator-arguments.ts";
import type { Machine } from "./machine.ts";
import { type Keys, publicKeyOf } from "./ssh.ts";

export interface Identity {
  readonly hostname: string;
  readonly keys: Keys;
  readonly limits: Limits;
  readonly hasOutbound: boolean;
}

const bootTimeoutMs = 5 * 60_000;
const answerTimeoutMs = 2 * 60_000;
/** Of what a capsule that takes all processors for itself may hold up. */
const roomTimeoutMs = 5_000;
const mostSaidBytes = 64 * 1024;
const mostSharedMemoryBytes = 64 * 1024 * 1024;

/** Waits until it has started. @throws {YardError} unavailable, timeout */
export async function awaitBoot(machine: Machine, serial: Socket): Promise<void> {
  await said(machine, serial, /booted\r?\n/, bootTimeoutMs);
}

/** One that was just made, of whatever memory: it gets a name and keys of its own. */
export function beBorn(machine: Machine, identity: Identity): Promise<void> {
  const { hostname, keys, limits, hasOutbound } = identity;
  const { memoryBytes, memoryAndSwapBytes, processes } = limits;
  const quarter = Math.floor((memoryBytes ?? Number.POSITIVE_INFINITY) / 4);
  const swap = memoryBytes !== undefined && memoryAndSwapBytes !== undefined ? memoryAndSwapBytes - memoryBytes : 0;
  const { address, gateway, nameServer } = guestNetwork;
  return tell(machine, [
    wake(),
    `keys ${Buffer.from(keys.host).toString("base64")} ${publicKeyOf(keys.client)}`,
    `identity ${hostname} ${randomBytes(16).toString("hex")}`,
    `limits ${memoryBytes ?? "max"} ${Math.max(0, swap)} ${processes ?? "max"} ${Math.min(mostSharedMemoryBytes, quarter)}`,
    ...(hasOutbound ? [`network ${address} ${gateway} ${nameServer}`] : []),
    "grow",
  ]);
}

/** One that goes on. @param keys new ones, where nobody has the connection from before */
export function beResumed(machine: Machine, keys: Keys | undefined): Promise<void> {
  const renewed = keys ? [`keys ${Buffer.from(keys.host).toString("base64")} ${publicKeyOf(keys.client)}`] : [];
  return tell(machine, [wake(), ...renewed]);
}

/** What is given out of its file system, and what is not, in bytes; as its kernel knows it, without a process that would have to be started.
 *  @throws {YardError} unavailable, timeout */
export async function askForRoom(machine: Machine): Promise<{ usedBytes: number; freeBytes: number }> {
  const serial = await machine.connect("serial");
  try {
    const answer = said(machine, serial, /room (\d+) (\d+)\r?\n/, roomTimeoutMs);
    serial.write("room\n");
    const [, usedBytes, freeBytes] = (await answer).map(Number);
    return { usedBytes: usedBytes ?? 0, freeBytes: freeBytes ?? 0 };
  } finally {
    serial.destroy();
  }
}

function wake(): string {
  const now = Date.now();
  return `wake ${Math.floor(now / 1_000)} ${(now % 1_000) * 1_000_000} ${randomBytes(32).toString("hex")}`;
}

async function tell(machine: Machine, lines: readonly string[]): Promise<void> {
  const serial = await machine.connect("serial");
  try {
    const ready = said(machine, serial, /ready\r?\n/, answerTimeoutMs);
    serial.write(`${[...lines, "go"].join("\n")}\n`);
    await ready;
  } finally {
    serial.destroy();
  }
}

/** @param words to the end of their line: behind whatever else writes there, which need not end its own */
async function said(machine: Machine, serial: Socket, words: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
  using _limit = setTimeout(() => serial.destroy(), timeoutMs);
  let text = "";
  for await (const bytes of serial.iterator({ destroyOnReturn: false })) {
    text = (text + String(bytes)).slice(-mostSaidBytes);
    const found = words.exec(text);
    if (found) return found;
  }
  throw machine.isAlive()
    ? new YardError("timeout", `The machine does not answer over its serial port.`)
    : new YardError("unavailable", "The machine has ended before it was ready: its disk may be damaged.");
}
