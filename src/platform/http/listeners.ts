/** The sockets: Node's own servers with the time limits that keep a slow or idle client from holding on to us. */
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { errnoOf, YardError } from "../errors.ts";
import type { Log } from "../log.ts";
import { formatUrl, type ListenSpec } from "./listen-spec.ts";
import type { TlsSource } from "./tls.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Listener {
  /** With the port that was found, if any free one was asked for. */
  readonly spec: ListenSpec;
  readonly url: string;
  readonly server: http.Server | https.Server;
  /** Accepts nothing more, lets requests that are under way end, and cuts what is left after `graceMs`. */
  close(options: { graceMs: number }): Promise<void>;
}

const limits = {
  /** Longer than the clients' and proxies' own (most give up after 60 to 95 s): the side that closes first never gets a request lost. */
  keepAliveTimeout: 100_000,
  headersTimeout: 20_000,
  /** The bound for uploads. Bodies that are held in memory have their own, see bodies.ts. */
  requestTimeout: 3_600_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 32 * 1024,
} as const;

/** How long a body may still come after its request was answered: a refusal does not wait for it, a slow client would make it last. */
const afterReplyMs = 5_000;
/** How often a closing listener looks for connections that have become idle. */
const idleCheckMs = 25;
/** Certificates are loaded anew this often: they are renewed while we run. */
const tlsReloadMs = 12 * 3_600_000;

/** @throws {YardError} conflict (port in use), invalid (not an address of this machine), forbidden (a port that needs privileges) */
export async function openListener(
  spec: ListenSpec,
  handler: RequestHandler,
  parts: { tls?: TlsSource; log: Log },
): Promise<Listener> {
  const { server, stop } = spec.secure
    ? await createSecureServer(handler, parts)
    : { server: http.createServer(limits, handler), stop: () => {} };
  server.maxHeadersCount = 0; // bounded by their size; a count would drop some of them in silence
  server.on("clientError", refuseUnreadable);
  server.on("request", limitBodyAfterReply);
  try {
    server.listen({ port: spec.port, host: spec.host });
    await once(server, "listening");
  } catch (error) {
    stop();
    throw listenError(error, spec);
  }
  const address = server.address();
  const bound = { ...spec, port: typeof address === "object" && address !== null ? address.port : spec.port };
  return {
    spec: bound,
    url: formatUrl(bound),
    server,
    async close(options) {
      stop();
      await closeServer(server, options.graceMs);
    },
  };
}

async function createSecureServer(handler: RequestHandler, { tls, log }: { tls?: TlsSource; log: Log }) {
  if (!tls)
    throw new YardError(
      "precondition",
      "A listener with https:// needs a certificate: set tls-cert and tls-key, or tls: self-signed.",
    );
  let current = await tls.load();
  const server = https.createServer(
    { ...limits, handshakeTimeout: limits.headersTimeout, minVersion: "TLSv1.2", ...current },
    handler,
  );
  const timer = setInterval(async () => {
    try {
      const next = await tls.load();
      if (next.cert === current.cert) return;
      server.setSecureContext({ minVersion: "TLSv1.2", ...next });
      current = next;
      log.info("the TLS certificate was renewed");
    } catch (error) {
      log.error({ err: error }, "the TLS certificate could not be loaded again; the old one stays in use");
    }
  }, tlsReloadMs).unref();
  return { server, stop: () => clearInterval(timer) };
}

function limitBodyAfterReply(request: IncomingMessage, response: ServerResponse): void {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if ((length === undefined || length === "0") && encoding === undefined) return;
  const { socket } = request; // the request may have lost it by then
  response.once("finish", () => {
    if (request.complete) return;
    const timer = setTimeout(() => request.complete || socket.destroy(), afterReplyMs);
    request.once("close", () => clearTimeout(timer));
  });
}

async function closeServer(server: http.Server, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  using _idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  using _cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** What Node's parser refuses never becomes a request, so no API can answer it. The socket is destroyed, not only ended: its other half
 *  would stay open for as long as the client likes. */
function refuseUnreadable(error: Error, socket: Socket): void {
  if (!socket.writable || errnoOf(error) === "ECONNRESET") return void socket.destroy();
  const status = refusals[errnoOf(error) ?? ""] ?? "400 Bad Request";
  const head = ["Connection: close", "Content-Type: text/plain; charset=utf-8", `Content-Length: ${status.length}`];
  socket.write(`HTTP/1.1 ${status}\r\n${head.join("\r\n")}\r\n\r\n${status}`);
  socket.destroySoon();
}

function listenError(error: unknown, spec: ListenSpec): unknown {
  const where = formatUrl(spec);
  switch (errnoOf(error)) {
    case "EADDRINUSE":
      return new YardError(
        "conflict",
        `${where}: another program listens there already; stop it, or choose another port with --listen.`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new YardError("invalid", `${where}: this machine has no such address.`, { cause: error });
    case "EACCES":
      return new YardError(
        "forbidden",
        `${where}: ports below 1024 need privileges; choose a higher one with --listen.`,
        { cause: error },
      );
    default:
      return error;
  }
}
