/** The sockets: Node's own servers with the time limits that keep a slow or idle client from holding on to us. */
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errnoOf, YardError } from "../errors.ts";
import type { Log } from "../log.ts";
import { formatUrl, type ListenSpec } from "./listen-spec.ts";
import type { TlsMaterial, TlsSource } from "./tls.ts";

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that ask for another protocol. Those that are not wanted are requests like any other, and the wish is ignored. */
export interface Upgrades {
  wants(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

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
  parts: { upgrades?: Upgrades; tls?: TlsSource; log: Log },
): Promise<Listener> {
  const { server, stop } = spec.secure
    ? await createSecureServer(handler, parts)
    : { server: http.createServer(optionsOf(parts), handler), stop: () => {} };
  const upgraded = takeUpgrades(server, parts.upgrades);
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
      await closeServer(server, upgraded, options.graceMs);
    },
  };
}

function optionsOf({ upgrades }: { upgrades?: Upgrades }) {
  return { ...limits, shouldUpgradeCallback: (request: IncomingMessage) => upgrades?.wants(request) ?? false };
}

/** @returns connections that speak another protocol now: the server knows them no more, but waits for their end */
function takeUpgrades(server: http.Server, upgrades: Upgrades | undefined): ReadonlySet<Duplex> {
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.on("error", () => {}).once("close", () => upgraded.delete(socket));
    upgrades?.upgrade(request, socket, head);
  });
  return upgraded;
}

async function createSecureServer(
  handler: RequestHandler,
  { upgrades, tls, log }: { upgrades?: Upgrades; tls?: TlsSource; log: Log },
) {
  if (!tls)
    throw new YardError(
      "precondition",
      "A listener with https:// needs a certificate: set tls-cert and tls-key, or tls: self-signed.",
    );
  let current = await tls.load();
  const server = https.createServer(
    {
      ...optionsOf({ upgrades }),
      ...{ handshakeTimeout: limits.headersTimeout, requestCert: current.clientAuthority !== undefined },
      ...contextOf(current),
    },
    handler,
  );
  const timer = setInterval(async () => {
    try {
      const next = await tls.load();
      if (next.cert === current.cert) return;
      server.setSecureContext(contextOf(next));
      current = next;
      log.info("the TLS certificate was renewed");
    } catch (error) {
      log.error({ err: error }, "the TLS certificate could not be loaded again; the old one stays in use");
    }
  }, tlsReloadMs).unref();
  return { server, stop: () => clearInterval(timer) };
}

function contextOf({ cert, key, clientAuthority: ca }: TlsMaterial) {
  return { minVersion: "TLSv1.2", cert, key, ca } as const;
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

async function closeServer(server: http.Server, upgraded: ReadonlySet<Duplex>, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  using _idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  using _cut = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, graceMs);
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
