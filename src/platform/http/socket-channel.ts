/** The messages of a WebSocket, with backpressure both ways: who reads slowly is sent no more than it takes, and who sends faster than it is read is
 *  held back. */
import type { RawData, WebSocket } from "ws";
import { textFrames } from "./text-frames.ts";
import { connectionOf } from "./websockets.ts";

/** Text as a string, a binary one as its bytes. */
export type SocketMessage = string | Buffer;

export interface SocketChannel extends AsyncIterable<SocketMessage> {
  /** Resolves when there is room for more. What is sent after the end is lost, which is no error. */
  send(message: SocketMessage): Promise<void>;
  /** Each line as a text message of its own; as `send` otherwise. @param lines whole ones in UTF-8, each with its line feed */
  sendLines(lines: Buffer): Promise<void>;
  /** What was sent goes out first. */
  close(code: number, reason?: string): void;
  /** Aborted when the connection has ended, whoever ended it. */
  readonly closed: AbortSignal;
}

/** Beyond it a sender waits. */
const mostUnsentBytes = 256 * 1024;
/** What waits to be read; then the connection is read no further. */
const mostUnread = { messages: 16, bytes: 256 * 1024 };

export function createSocketChannel(webSocket: WebSocket): SocketChannel {
  const over = new AbortController();
  const unread: SocketMessage[] = [];
  let unreadBytes = 0;
  let wake: (() => void) | undefined;

  webSocket.on("message", (data, isBinary) => {
    const message = isBinary ? bytesOf(data) : String(data);
    unread.push(message);
    unreadBytes += message.length;
    if (unread.length >= mostUnread.messages || unreadBytes >= mostUnread.bytes) webSocket.pause();
    wake?.();
  });
  webSocket.once("close", () => {
    over.abort("closed"); // a reason of our own: making the default one is slow
    wake?.();
  });

  async function* read(): AsyncGenerator<SocketMessage, void, undefined> {
    for (;;) {
      const message = unread.shift();
      if (message !== undefined) {
        unreadBytes -= message.length;
        if (unread.length === 0 && webSocket.isPaused) webSocket.resume();
        yield message;
      } else if (over.signal.aborted) {
        return;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
        wake = undefined;
      }
    }
  }

  return {
    closed: over.signal,
    [Symbol.asyncIterator]: read,
    async send(message) {
      if (webSocket.readyState !== webSocket.OPEN) return;
      if (webSocket.bufferedAmount < mostUnsentBytes) return void webSocket.send(message, () => {});
      const { promise, resolve } = Promise.withResolvers<void>();
      webSocket.send(message, () => resolve()); // also called when the connection breaks
      await promise;
    },
    async sendLines(lines) {
      if (webSocket.readyState !== webSocket.OPEN) return;
      // The library writes each frame at once and as a whole (nothing is compressed here), so none of its own is cut in two by these.
      const connection = connectionOf(webSocket);
      const { promise, resolve } = Promise.withResolvers<void>();
      connection.write(textFrames(lines), () => resolve()); // also called when the connection breaks
      if (webSocket.bufferedAmount >= mostUnsentBytes) await promise;
    },
    close(code, reason) {
      webSocket.close(code, reason);
    },
  };
}

/** In the library's usual setting it is one buffer; its type allows for the others. */
function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
