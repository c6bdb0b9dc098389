/** Who listens in a network namespace, as the kernel lists it. @see proc_pid_net(5) */
import { readFileSync } from "node:fs";
import { networkCalls } from "../../platform/process/network-calls.ts";
import type { Address } from "../../platform/process/stream-sockets.ts";

const isListening = "0A";
/** A sandbox may hold as many sockets as it has memory for. */
const mostLines = 20_000;

/** Addresses on which somebody waits for connections to that port. */
export function listenersOn(namespace: number, port: number): Address[] {
  const tables = networkCalls().within(namespace, () =>
    ["tcp", "tcp6"].map((name) => readIfThere(`/proc/thread-self/net/${name}`)),
  );
  return tables.flatMap((table) => listenersIn(table, port));
}

export function listenersIn(table: string, port: number): Address[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n", mostLines)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === isListening && local?.endsWith(`:${wanted}`))
    .map(([, local = ""]) => addressOf(local));
}

/** Words of 32 bits in the machine's own order, which is the little-endian one wherever we run. */
function addressOf(local: string): Address {
  const words = local.split(":")[0]?.match(/.{8}/g) ?? [];
  return words.flatMap((word) => [...Buffer.from(word, "hex")].reverse());
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // a kernel without IPv6
  }
}
