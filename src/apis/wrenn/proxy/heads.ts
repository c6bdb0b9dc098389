/** What is changed of a request's and a reply's head on the way to a port inside a capsule and back. Everything else passes as it is, in its order and
 *  spelling. */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

/** Where a request goes, and how the client knows that place. */
export interface Destination {
  readonly port: number;
  /** What is asked for there: path and query. */
  readonly path: string;
  /** The path under which the client sees the port's root; empty where a name leads there. */
  readonly prefix: string;
  /** Headers that are the yard's business alone, in lower case. */
  readonly withheld: ReadonlySet<string>;
}

/** What concerns one connection only. @see RFC 9110, section 7.6.1 */
const hopByHop: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
]);
/** Made anew, or answered here already. */
const ofOurs: ReadonlySet<string> = new Set(["host", "expect", "content-length", "x-forwarded-for"]);

/** Without a word on their length they have no body; of others Node would announce one. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

type Header = readonly [name: string, value: string];

/** Servers take their loopback address for one of their own names, whatever they are called outside. */
export function hostInside(port: number): string {
  return `127.0.0.1:${port}`;
}

/** Names and values in turns, as `http.request` takes them. The body is framed as it was: what comes after its end never looks like a request. */
export function requestHead(request: IncomingMessage, { port, withheld }: Destination): string[] {
  const { headers, socket } = request;
  const passed = endToEnd(request).filter(([name]) => !ofOurs.has(lower(name)) && !withheld.has(lower(name)));
  const forwardedFor = [headers["x-forwarded-for"], socket.remoteAddress].filter(Boolean).join(", ");
  const added: Header[] = [
    ["Host", hostInside(port)],
    ["X-Forwarded-For", forwardedFor],
  ];
  if (headers["x-forwarded-host"] === undefined) added.push(["X-Forwarded-Host", headers.host ?? ""]);
  if (headers["x-forwarded-proto"] === undefined) {
    added.push(["X-Forwarded-Proto", socket instanceof TLSSocket ? "https" : "http"]);
  }
  if (headers["transfer-encoding"] !== undefined) added.push(["Transfer-Encoding", "chunked"]);
  else if (headers["content-length"] !== undefined) added.push(["Content-Length", headers["content-length"]]);
  else if (!bodiless.has(request.method ?? "")) added.push(["Content-Length", "0"]);
  return [...added, ...passed].flat();
}

/** Whether a request announces a body, be it an empty one. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || headers["content-length"] !== undefined;
}

/** Names and values in turns, as `writeHead` takes them. */
export function responseHead(incoming: IncomingMessage, destination: Destination): string[] {
  const headers = endToEnd(incoming).map(
    ([name, value]): Header => (lower(name) === "location" ? [name, outside(value, destination)] : [name, value]),
  );
  if (destination.prefix === "") return headers.flat();
  // Below the yard's own address a page is of the yard's origin: it gets one of its own, and no say in the yard's cookies.
  return [
    ...headers.filter(([name]) => !["set-cookie", "content-security-policy"].includes(lower(name))).flat(),
    ...["Content-Security-Policy", "sandbox allow-scripts allow-forms"],
  ];
}

/** Of an agreement on another protocol: the connection is that protocol's from here on. */
export function switchingHead(incoming: IncomingMessage): string {
  const lines = [["Connection", "Upgrade"], ["Upgrade", incoming.headers.upgrade ?? ""], ...endToEnd(incoming)];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** A place inside, as the client reaches it. */
function outside(location: string, { port, prefix }: Destination): string {
  if (location.startsWith("/") && !location.startsWith("//")) return prefix + location;
  const base = `http://${hostInside(port)}`;
  if (!/^(?:https?:)?\/\//i.test(location) || !URL.canParse(location, base)) return location;
  const url = new URL(location, base);
  const isInside = loopbackNames.has(url.hostname) && url.port === (port === 80 ? "" : String(port));
  return isInside ? `${prefix}${url.pathname}${url.search}${url.hash}` : location;
}

const loopbackNames: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);

function endToEnd({ rawHeaders, headers }: IncomingMessage): Header[] {
  const named = new Set((headers.connection ?? "").split(",").map((name) => lower(name.trim())));
  const passed: Header[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!hopByHop.has(lower(name)) && !named.has(lower(name))) passed.push([name, rawHeaders[at + 1]!]);
  }
  return passed;
}

function lower(name: string): string {
  return name.toLowerCase();
}
