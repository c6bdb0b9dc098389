/** A WebSocket of a yard. */
import { on, once } from "node:events";
import { WebSocket } from "ws";
import { isYardError, YardError } from "../platform/errors.ts";
import { watchLiveness } from "../platform/http/websocket-liveness.ts";
import { cannotReach, errorIn, headersFor, type YardClient } from "./http.ts";

/** A message of text as a string, a binary one as its bytes. */
export type SocketMessage = string | Buffer;

export interface YardSocket extends Disposable {
  /** Resolves when it has gone out, so whoever waits for that never fills the memory. @throws the connection's error */
  send(message: SocketMessage): Promise<void>;
  /** Until the connection ends, or the signal is aborted. No faster than they are taken. */
  readonly messages: AsyncIterable<SocketMessage>;
  /** Once it has ended, whether the yard has ended it as it should; otherwise it broke off. */
  hasClosedWell(): boolean;
}

const handshakeMs = 30_000;
/** The server's are of some 64 KiB. */
const maxMessageBytes = 1024 * 1024;
/** Messages that wait until they are taken: with more, and none with fewer, the connection is held back. */
const waiting = { highWaterMark: 64, lowWaterMark: 16 };
const normalClosure = 1000;

/** @param path with its query @param headers further ones, of the request for it
 *  @throws {YardError} unavailable; what the yard refuses; the signal's reason once that is aborted */
export async function openYardSocket(
  { address }: YardClient,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<YardSocket> {
  const url = new URL(`${address.url}${path}`);
  const options = { headers: { ...headersFor(address), ...headers }, ca: address.ca, handshakeTimeout: handshakeMs };
  const socket = new WebSocket(url.href.replace(/^http/, "ws"), {
    ...options,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  const refused = once(socket, "unexpected-response").then(([, response]) => errorIn(response, address.url));
  const arrived = on(socket, "message", { close: ["close"], ...waiting });
  try {
    await Promise.race([once(socket, "open", { signal }), refused.then((error) => Promise.reject(error))]);
  } catch (error) {
    socket.on("error", () => {}).terminate();
    if (signal.aborted || isYardError(error)) throw error;
    throw cannotReach(url, error);
  }
  let code: number | undefined;
  socket.on("error", () => {}); // told by the messages
  socket.once("close", (closed: number) => {
    code = closed;
  });
  watchLiveness(new Set([socket])).begin(socket);
  const end = (): void => socket.terminate();
  signal.addEventListener("abort", end, { once: true });

  async function* messages(): AsyncGenerator<SocketMessage, void> {
    for await (const [data, isBinary] of arrived) yield isBinary ? (data as Buffer) : String(data);
  }
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (error) => (error ? reject(error) : resolve()));
      }),
    messages: messages(),
    hasClosedWell: () => code === normalClosure,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", end);
      end();
    },
  };
}

export function brokenOff(): YardError {
  return new YardError("unavailable", "the connection broke off");
}
