/** A queue in a process of its own: ours, or a peer's. */
import type { Bench } from "./figure.ts";
import { ask } from "./messages.ts";
import type { QueueReply, QueueRequest } from "./queue-protocol.ts";

export interface QueueProcess extends AsyncDisposable {
  readonly pid: number;
  fill(count: number): Promise<void>;
  /** @returns tasks per second */
  drain(count: number, mode: string): Promise<number>;
  /** @returns milliseconds of each */
  starts(count: number): Promise<readonly number[]>;
}

const timeoutMs = 300_000;

export async function openQueueProcess(
  bench: Bench,
  program: string,
  target: { readonly url: string; readonly token?: string },
): Promise<QueueProcess> {
  await using opened = new AsyncDisposableStack();
  const child = opened.use(
    bench.children.start(process.execPath, [program], { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
  );
  async function order(request: QueueRequest): Promise<QueueReply> {
    const reply = await ask<QueueReply>(child, request, bench.signal, timeoutMs);
    if (reply.error !== undefined) throw new Error(`${program} could not ${request.do}: ${reply.error}`);
    return reply;
  }
  await order({ do: "open", ...target });
  const lifetime = opened.move();
  return {
    pid: child.pid,
    fill: async (count) => void (await order({ do: "fill", count })),
    drain: async (count, mode) => count / ((await order({ do: "drain", count, mode })).seconds ?? Number.NaN),
    starts: async (count) => (await order({ do: "start", count })).times ?? [],
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
