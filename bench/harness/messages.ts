/** Questions to a child over Node's message channel, one at a time. */
import { once } from "node:events";
import type { Child } from "./children.ts";

/** The child's next message in reply to this one. `Reply` is what that program is written to send.
 *  @throws {Error} if it ends, or says nothing within `timeoutMs` */
export async function ask<Reply>(
  child: Child,
  request: object,
  signal: AbortSignal,
  timeoutMs = 120_000,
): Promise<Reply> {
  const settled = new AbortController();
  const bounded = AbortSignal.any([signal, settled.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const ended = once(child.process, "exit", { signal: bounded }).then(([code]) => {
      throw new Error(`process ${child.pid} ended with ${code} instead of answering`);
    });
    const reply = once(child.process, "message", { signal: bounded });
    child.process.send(request);
    const [message] = await Promise.race([reply, ended]);
    return message;
  } finally {
    settled.abort(); // takes the listeners off; the loser of the race has been handled by it
  }
}
