/** For tests of the connection: a real HTTP/2 server on a Unix socket that answers as a test says, and breaks when a test says. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer as listenOnSocket, type Socket } from "node:net";
import { join } from "node:path";
import { protocolVersion } from "../agent/protocol.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { type AgentConnection, openConnection } from "./connection.ts";
import { dial } from "./local-agent.ts";
import type { HostLog } from "./log.ts";

export const silentLog: HostLog = { info() {}, warn() {} };

export type Answer = (stream: ServerHttp2Stream, path: string, headers: IncomingHttpHeaders) => void;

export interface StandInAgent extends AsyncDisposable {
  readonly socketPath: string;
  /** Breaks every connection, as a lost network would. */
  breakConnections(): void;
  /** Ends listening, and every connection. */
  close(): Promise<void>;
}

/** @param answer to every request but `/v1/info` */
export async function serveStandIn(
  answer: Answer,
  options: { socketPath?: string; protocol?: number } = {},
): Promise<StandInAgent> {
  const resources = new DisposableStack();
  const socketPath = options.socketPath ?? join(resources.use(temporaryDirectory()).path, "agent.sock");
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => {}); // broken on purpose
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {}); // broken on purpose
    const path = headers[":path"] ?? "";
    if (path === "/v1/info") answerJson(stream, infoOf(options.protocol ?? protocolVersion));
    else answer(stream, path, headers);
  });
  server.listen(socketPath);
  await once(server, "listening");

  function breakConnections(): void {
    for (const session of sessions) session.destroy();
  }

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    breakConnections();
    await closed;
  }

  return {
    socketPath,
    breakConnections,
    close,
    async [Symbol.asyncDispose]() {
      await close();
      resources.dispose();
    },
  };
}

/** A process that hangs, as its peers see it. */
export async function serveMute(): Promise<AsyncDisposable & { readonly socketPath: string }> {
  const resources = new DisposableStack();
  const socketPath = join(resources.use(temporaryDirectory()).path, "mute.sock");
  const sockets = new Set<Socket>();
  const server = listenOnSocket((socket) => sockets.add(socket.resume()));
  server.listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      resources.dispose();
    },
  };
}

export function answerJson(stream: ServerHttp2Stream, body: unknown, status = 200): void {
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(JSON.stringify(body));
}

/** A connection to a stand-in, quick to come back. */
export function connectTo(
  agent: { socketPath: string },
  options: { waitMs?: number; log?: HostLog } = {},
): AgentConnection {
  return openConnection({
    name: "test",
    log: options.log ?? silentLog,
    waitMs: options.waitMs ?? 2_000,
    backoff: { baseMs: 5, maxMs: 20 },
    async connect() {
      const socket = await dial(agent.socketPath);
      if (!socket) throw new Error("nobody listens");
      return socket;
    },
  });
}

function infoOf(protocol: number) {
  return { version: "0", protocol, pid: 1, startedAt: 0, hostname: "test", osUser: "test", drivers: [] };
}
