/** A yard's queue, with a worker in a process of its own. */
import type { Bench } from "./figure.ts";
import { program } from "./paths.ts";
import { openQueueProcess, type QueueProcess } from "./queue-process.ts";
import { openYard } from "./yard.ts";

export interface YardQueue extends AsyncDisposable {
  readonly serverPid: number;
  readonly worker: QueueProcess;
}

/** @param settings of the yard, where its defaults are not what is measured */
export async function openYardQueue(bench: Bench, settings?: readonly string[]): Promise<YardQueue> {
  await using opened = new AsyncDisposableStack();
  const yard = opened.use(await openYard(bench, { settings }));
  const target = { url: yard.url, token: yard.authorization };
  const worker = opened.use(await openQueueProcess(bench, program("yard-tasks.ts"), target));
  const lifetime = opened.move();
  return { serverPid: yard.serverPid, worker, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** Tasks that are there before the clock starts. @returns how many per second are worked on until the last */
export async function drainFull(queue: QueueProcess, count: number, mode: string): Promise<number> {
  await queue.fill(count);
  return await queue.drain(count, mode);
}
