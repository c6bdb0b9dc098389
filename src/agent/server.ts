/** Serves the agent's interface over HTTP/2: on a Unix socket, and over connections that it is given. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { errnoOf, isYardError, YardError } from "../platform/errors.ts";
import { sendError } from "./http.ts";
import { createRouter, type Routes } from "./router.ts";

export interface AgentServer extends AsyncDisposable {
  /** How many control planes are connected. */
  readonly connections: number;
  /** Serves a control plane at the other end of it. */
  serve(transport: Duplex): void;
}

export interface AgentServerParts {
  readonly socketPath: string;
  readonly routes: Routes;
  readonly log: (message: string) => void;
  /** A control plane came or went. */
  readonly onConnections: (count: number) => void;
}

/** Large windows: with Node's default of 64 KiB one stream is an order of magnitude slower than the socket (measured: 1.5 GB/s with these). */
const streamWindowBytes = 8 * 1024 * 1024;
const sessionWindowBytes = 32 * 1024 * 1024;
const maxFrameBytes = 1024 * 1024;
/** Long polls, followers and watchers of one control plane together. */
const mostStreams = 10_000;
/** Node counts answers that wait to be sent against the session, and beyond this it refuses every new request on it, whoever asks for what: with its
 *  default of 10 MB, two long lists of files that one tenant asks for did so. How much waits is bounded by each answer. */
const maxSessionMemoryMB = 4_096;
/** A control plane that hears that the agent is leaving ends its streams at once; one that hangs is not waited for. */
const leaveMs = 500;

/** @throws {YardError} conflict, when another agent answers on that socket */
export async function openAgentServer(parts: AgentServerParts): Promise<AgentServer> {
  const { socketPath, log } = parts;
  const serve = createStreamHandler(parts.routes, log);
  const sessions = new Set<ServerHttp2Session>();
  const settings = {
    initialWindowSize: streamWindowBytes,
    maxFrameSize: maxFrameBytes,
    maxConcurrentStreams: mostStreams,
  };
  const options = { settings, maxSessionMemory: maxSessionMemoryMB };
  const server = createServer(options);
  server.on("stream", serve);
  server.on("session", admit);

  function admit(session: ServerHttp2Session): void {
    session.setLocalWindowSize(sessionWindowBytes);
    sessions.add(session);
    parts.onConnections(sessions.size);
    session.on("error", (error) => log(`A connection broke: ${error.message}`));
    session.on("close", () => {
      sessions.delete(session);
      parts.onConnections(sessions.size);
    });
  }

  await claimSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    get connections() {
      return sessions.size;
    },
    serve(transport) {
      const session = performServerHandshake(transport, options);
      session.on("stream", serve);
      admit(session);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A session that is destroyed takes the answers along that are just being written: that to the call for this shutdown, mostly.
      for (const session of sessions) session.close();
      using _cutOff = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, leaveMs);
      await closed;
    },
  };
}

/** Serves one stream of any HTTP/2 session, whatever carries it. */
export function createStreamHandler(routes: Routes, log: (message: string) => void) {
  const router = createRouter(routes);
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const gone = new AbortController();
    stream.on("error", () => {}); // the client reset it: `close` follows
    stream.once("close", () => gone.abort("gone")); // a reason of our own: making the default one takes 30 µs
    const method = headers[":method"] ?? "";
    const target = headers[":path"] ?? "/";
    const [path = "/", query = ""] = target.split("?", 2);
    const match = router.match(method, path);
    if (!match) {
      sendError(stream, new YardError("not_found", `The agent has no ${method} ${path}.`));
      return;
    }
    const { handler, params } = match;
    const request = { stream, headers, params, query: new URLSearchParams(query), signal: gone.signal };
    Promise.try(handler, request).catch((error: unknown) => {
      if (gone.signal.aborted) return; // nobody is there to hear it
      if (!isYardError(error)) log(`${method} ${path} failed: ${error instanceof Error ? error.stack : error}`);
      sendError(stream, error);
    });
  };
}

/** Makes the way free for the socket. A file left by a dead agent is replaced; one that somebody answers on is not. */
async function claimSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (await answers(path)) throw new YardError("conflict", `An agent is running already: it answers on ${path}.`);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const errno = errnoOf(error);
      if (errno === "ENOENT" || errno === "ECONNREFUSED") resolve(false);
      else reject(error);
    });
  });
}
