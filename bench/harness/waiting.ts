import { setTimeout as delay } from "node:timers/promises";

export interface Patience {
  readonly timeoutMs: number;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** The first answer of `ask` that is not undefined.
 *  @throws {Error} after `timeoutMs`, naming `what` was waited for */
export async function until<T>(
  what: string,
  patience: Patience,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + patience.timeoutMs;
  for (;;) {
    patience.signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${patience.timeoutMs} ms for ${what}`);
    await delay(patience.everyMs, undefined, { signal: patience.signal });
  }
}
