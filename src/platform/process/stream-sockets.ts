/** TCP sockets that belong to another network namespace than the agent's: made there in one synchronous step, and the agent's own from then on. */
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { systemError } from "./c-library.ts";
import { type Address, networkCalls } from "./network-calls.ts";

export type { Address };

const connectTimeoutMs = 5_000;

/** @param namespace a descriptor of it
 *  @throws an error with the errno's name as its `code` */
export async function connectWithin(namespace: number, address: Address, port: number): Promise<Socket> {
  const fd = networkCalls().within(namespace, () => networkCalls().openStream(address));
  try {
    await established(fd, address, port);
    return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Asks until it is decided, which over a loopback takes microseconds: only where too many wait to be accepted, longer. */
async function established(fd: number, address: Address, port: number): Promise<void> {
  const deadline = performance.now() + connectTimeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    const code = networkCalls().connect(fd, address, port);
    if (code === undefined || code === "EISCONN") return;
    const isUnderWay = code === "EINPROGRESS" || code === "EALREADY";
    if (!isUnderWay) throw systemError("connect", code);
    if (performance.now() > deadline) throw systemError("connect", "ETIMEDOUT", "nobody accepts");
    if (pauseMs > 1) await sleep(pauseMs);
    else await new Promise(setImmediate);
  }
}
