/** The end of a queue's own process: it does what it is told, and says how long that took. Both sides of a figure are timed here, by the same lines. */
import { setTimeout as delay } from "node:timers/promises";
import type { QueueReply, QueueRequest } from "./queue-protocol.ts";

export interface QueueProgram {
  open(target: { readonly url: string; readonly token?: string }): Promise<void>;
  fill(count: number): Promise<void>;
  /** Resolves when the last of `count` tasks was worked on, and, where that can be known, has ended for good. */
  drain?(count: number, mode: string): Promise<void>;
  /** One worker waits from now on, and calls `started` with each task. @returns what submits one, and what ends the worker */
  wait?(started: () => void): Promise<{ submit(): Promise<unknown>; stop(): Promise<void> }>;
}

export function serveQueue(program: QueueProgram): void {
  process.on("message", async (request: QueueRequest) => {
    process.send?.(await carryOut(program, request).catch((error) => ({ error: String(error?.stack ?? error) })));
  });
  process.on("disconnect", () => process.exit());
}

async function carryOut(program: QueueProgram, request: QueueRequest): Promise<QueueReply> {
  if (request.do === "open") await program.open(request);
  if (request.do === "fill") await program.fill(request.count);
  if (request.do === "drain") return { seconds: await timed(() => program.drain!(request.count, request.mode)) };
  if (request.do === "start") return { times: await startTimes(program, request.count) };
  return {};
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

/** By then a worker has ended its task and waits for the next. */
const idleMs = 20;

/** From just before the submit until the task is in the hands of a worker that was waiting for it. */
async function startTimes(program: QueueProgram, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  let begun = 0;
  let started = Promise.withResolvers<void>();
  const worker = await program.wait!(() => {
    times.push(performance.now() - begun);
    started.resolve();
  });
  for (let i = 0; i < count; i++) {
    await delay(idleMs);
    started = Promise.withResolvers();
    begun = performance.now();
    await worker.submit();
    await started.promise;
  }
  await worker.stop();
  return times;
}

/** Resolves `done` with the call that brings it to `count`. */
export function countdown(count: number): { readonly done: Promise<void>; one(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return {
    done: promise,
    one() {
      if (--left === 0) resolve();
    },
  };
}
