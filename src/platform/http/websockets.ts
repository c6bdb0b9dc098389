/** WebSockets as routes. A request for one takes the way of every other, through hooks and guards, and may be answered like any other; whoever handles
 *  it accepts it with `acceptWebSocket`. */
import { type IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { YardError } from "../errors.ts";
import { after } from "../timers.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "./api.ts";
import { watchLiveness } from "./websocket-liveness.ts";

declare module "fastify" {
  interface FastifyInstance {
    webSockets: WebSockets;
  }
}

export interface WebSockets {
  /** A request that asks for a WebSocket and belongs to the routes of `root`. */
  route(root: ApiInstance, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  accept(request: ApiRequest, reply: ApiReply, options: WebSocketOptions): WebSocket | undefined;
  /** Ends all that are open (1001), and from now on each new one at once. */
  closeAll(): void;
}

export interface WebSocketOptions {
  /** A longer message ends the connection (1009). */
  readonly maxMessageBytes: number;
}

/** Takes the connection over: the route replies nothing. Where the request is no sound one for a WebSocket, it is answered here, and there is none.
 *  @throws {YardError} invalid, for a request that asks for none */
export function acceptWebSocket(
  request: ApiRequest,
  reply: ApiReply,
  options: WebSocketOptions,
): WebSocket | undefined {
  return reply.server.webSockets.accept(request, reply, options);
}

/** What carries one that was accepted here: for who puts whole frames together for themselves. */
export function connectionOf(webSocket: WebSocket): Socket {
  const connection = connections.get(webSocket);
  if (!connection) throw new Error("this WebSocket was not accepted here");
  return connection;
}

const connections = new WeakMap<WebSocket, Socket>();

export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

interface Handshake {
  readonly socket: Socket;
  readonly head: Buffer;
}

const goingAway = 1001;
/** How long the far side may take to say goodbye when the server closes: it may be gone. */
const farewellMs = 1_000;

export function createWebSockets(): WebSockets {
  const handshakes = new WeakMap<IncomingMessage, Handshake>();
  const open = new Set<WebSocket>();
  const liveness = watchLiveness(open);
  let isClosing = false;

  function add(webSocket: WebSocket): void {
    open.add(webSocket);
    webSocket.on("error", () => {}); // it closes next, which is what everybody waits for
    webSocket.once("close", () => open.delete(webSocket));
    liveness.begin(webSocket);
    if (isClosing) end(webSocket);
  }

  return {
    route(root, request, socket, head) {
      if (!(socket instanceof Socket)) return void socket.destroy();
      handshakes.set(request, { socket, head });
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false; // of an answer that is no WebSocket: the server reads no further request here
      response.assignSocket(socket);
      response.once("finish", () => socket.destroySoon());
      root.routing(request, response);
    },
    accept(request, reply, { maxMessageBytes }) {
      const handshake = handshakes.get(request.raw);
      if (!handshake) {
        throw new YardError("invalid", "a WebSocket is served here: ask for the upgrade to one", { field: "Upgrade" });
      }
      const { socket, head } = handshake;
      reply.hijack();
      reply.raw.detachSocket(socket);
      const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: maxMessageBytes });
      server.on("headers", (headers) => void headers.push(`X-Request-Id: ${request.id}`)); // as every other answer has it
      let accepted: WebSocket | undefined;
      server.handleUpgrade(request.raw, socket, head, (webSocket) => {
        accepted = webSocket;
        connections.set(webSocket, socket);
        add(webSocket);
      });
      return accepted;
    },
    closeAll() {
      isClosing = true;
      for (const webSocket of open) end(webSocket);
    },
  };
}

function end(webSocket: WebSocket): void {
  webSocket.close(goingAway, "the server is closing");
  const cut = after(farewellMs, () => webSocket.terminate());
  webSocket.once("close", () => cut[Symbol.dispose]());
}
