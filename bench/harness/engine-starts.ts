/** Containers that an engine starts, as its events tell. */
import { request } from "node:http";
import type { Bench } from "./figure.ts";
import { engineApi } from "./fleet.ts";

export interface EngineStarts extends Disposable {
  /** When the last of those that were waited for was told of, by this process' clock (`performance.now()`). */
  readonly all: Promise<number>;
}

const timeoutMs = 60_000;

/** Resolves once no start can be missed any more. @param count how many are waited for */
export async function watchStarts({ signal }: Bench, socketPath: string, count: number): Promise<EngineStarts> {
  const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: ["start"] }));
  const { promise: all, resolve, reject } = Promise.withResolvers<number>();
  all.catch(() => {}); // told to whoever waits for it
  const opened = Promise.withResolvers<void>();
  const since = (Date.now() / 1_000).toFixed(3);
  const outgoing = request({ socketPath, path: `${engineApi}/events?since=${since}&filters=${filters}`, signal });
  const late = setTimeout(() => reject(new Error(`no ${count} containers started within ${timeoutMs} ms`)), timeoutMs);
  outgoing.on("error", (error) => {
    opened.reject(error);
    reject(error);
  });
  outgoing.on("response", (events) => {
    let lines = 0;
    events.on("error", reject);
    events.setEncoding("utf8").on("data", (text: string) => {
      lines += text.split("\n").length - 1;
      if (lines >= count) resolve(performance.now());
    });
    opened.resolve();
  });
  outgoing.end();
  await opened.promise;
  return {
    all,
    [Symbol.dispose]() {
      clearTimeout(late);
      outgoing.destroy();
    },
  };
}
