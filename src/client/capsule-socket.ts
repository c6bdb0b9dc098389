/** A WebSocket of a capsule: JSON frames both ways. */
import { capsulePath } from "./capsules.ts";
import type { YardClient } from "./http.ts";
import { type JsonObject, parseObject } from "./json.ts";
import { openYardSocket } from "./yard-socket.ts";

export interface CapsuleSocket extends Disposable {
  /** Resolves when it has gone out, so whoever waits for that never fills the memory. @throws the connection's error */
  send(frame: object): Promise<void>;
  /** Until the connection ends, or the signal is aborted. No faster than they are taken. */
  readonly frames: AsyncIterable<JsonObject>;
}

/** @param path below the capsule's, with its query
 *  @throws {YardError} unavailable; what the yard refuses; the signal's reason once that is aborted */
export async function openCapsuleSocket(
  client: YardClient,
  capsule: string,
  path: string,
  signal: AbortSignal,
): Promise<CapsuleSocket> {
  const socket = await openYardSocket(client, `${capsulePath(capsule)}/${path}`, signal);
  async function* frames(): AsyncGenerator<JsonObject, void> {
    for await (const message of socket.messages) yield parseObject(String(message));
  }
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    frames: frames(),
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
