/** Requests to several yards, any of which may be away: a caller goes on until one of them gives a definite answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError } from "../../../src/platform/errors.ts";
import { type Call, createCoordinatorHttp, type Reply } from "../../../src/worker/http.ts";
import type { Chance } from "./chance.ts";

export type { Call, Reply };

export interface YardCalls extends Disposable {
  /** One answer: any status but 429 and 503. `onUnknown` hears of each try of which nobody knows whether it acted.
   *  @throws {Error} where no yard answers for minutes */
  ask(call: Call, onUnknown?: () => void): Promise<Reply>;
  /** The same; the status must be 200. */
  expect<Body>(call: Call): Promise<Body>;
  /** One try at any of the yards. */
  once(call: Call): Promise<Reply>;
  readonly files: Pick<ReturnType<typeof createCoordinatorHttp>, "download" | "upload">;
}

const answerMs = 15_000;
const patienceMs = 180_000;

export function createYardCalls(urls: readonly string[], chance: Chance): YardCalls {
  const clients = urls.map((url) => createCoordinatorHttp({ locate: async () => ({ url }) }));
  const once = (call: Call) => chance.oneOf(clients).request({ timeoutMs: answerMs, ...call });

  async function ask(call: Call, onUnknown: () => void = () => {}): Promise<Reply> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        const reply = await once(call);
        if (reply.status !== 429 && reply.status !== 503) return reply;
        if (reply.status === 503) onUnknown();
      } catch (error) {
        call.signal?.throwIfAborted();
        if (!isYardError(error)) throw error;
        if (error.code !== "unavailable") onUnknown();
      }
      if (performance.now() > deadline) throw new Error(`${call.method} ${call.path}: no yard answers`);
      await sleep(chance.between(20, 100), undefined, { signal: call.signal });
    }
  }

  return {
    ask,
    once,
    files: clients[0]!,
    async expect<Body>(call: Call) {
      const reply = await ask(call);
      if (reply.status !== 200) throw new Error(`${call.method} ${call.path}: ${reply.status} ${reply.text}`);
      return (reply.text === "" ? undefined : JSON.parse(reply.text)) as Body;
    },
    [Symbol.dispose]() {
      for (const client of clients) client[Symbol.dispose]();
    },
  };
}
