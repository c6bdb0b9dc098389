/** A WebSocket as the stream that HTTP/2 runs on, the same at both of its ends.
 *
 *  HTTP/2 gets a real socket, and what passes through that is passed on through the WebSocket. Given the WebSocket itself, as a stream in JavaScript,
 *  Node 24 fails an assertion of its own, and with it the process, when a session is destroyed while it writes (JSStreamSocket.doWrite); it is no
 *  faster either. */

import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { type ClientOptions, createWebSocketStream, type WebSocket } from "ws";
import { socketPair } from "./socket-pair.ts";

/** For a server, and a part of a client's. Nobody who means well sends larger messages. */
export const tunnelSocketOptions = { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024 } as const;

/** A name that the yard's certificate for agents always has, so that they know it by whatever address they reach it. */
export const tunnelServerName = "agents.runyard.internal";
/** Of a refusal: the host that the agent is was removed, and does not come back. */
export const removedHeader = "runyard-host";

const bufferBytes = 1024 * 1024;

/** Takes the WebSocket over at once. Either of the two ends with the other. */
export async function tunnelStream(webSocket: WebSocket): Promise<Socket> {
  const stream = createWebSocketStream(webSocket, { highWaterMark: bufferBytes });
  stream.on("error", () => {}); // whoever uses the tunnel sees its end
  const [inner, outer] = await socketPair();
  const end = (): void => {
    webSocket.terminate();
    outer.destroy();
  };
  if (stream.destroyed) {
    // Meanwhile; there is nothing to connect.
    inner.destroy();
    outer.destroy();
    return inner;
  }
  pipeline(outer, stream, end);
  pipeline(stream, outer, end);
  outer.on("error", () => {});
  inner.on("error", () => {}); // it may be cut before anybody has taken it
  webSocket.once("close", () => inner.destroy());
  inner.once("close", end);
  return inner;
}

/** Masks keep what is sent from looking like HTTP to a proxy that reads along, and cost half of the speed. Inside TLS nobody reads along: a mask of
 *  zeros changes nothing there. */
export function maskingFor(url: URL): Pick<ClientOptions, "generateMask"> {
  return url.protocol === "https:" || url.protocol === "wss:" ? { generateMask: (mask) => void mask.fill(0) } : {};
}
