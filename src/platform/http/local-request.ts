/** Whether a request was made on this very machine, by a program and not by a page from elsewhere in a browser. */
import type { FastifyRequest } from "fastify";

/** Loopback connection, addressed by a loopback name, by no proxy and from no foreign page. The name matters: a foreign page can let its
 *  own name resolve to 127.0.0.1 (DNS rebinding), and its browser then asks us under that name. */
export function isLocalRequest(request: FastifyRequest): boolean {
  const { headers } = request.raw;
  if (headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined) return false;
  if (!isLoopbackAddress(request.socket.remoteAddress ?? "")) return false;
  if (!isLoopbackName(hostnameOf(headers.host ?? ""))) return false;
  return headers.origin === undefined || isLoopbackOrigin(headers.origin);
}

export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

export function isLoopbackName(name: string): boolean {
  return name === "localhost" || isLoopbackAddress(name);
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackName(hostnameOf(new URL(origin).host));
}

/** `[::1]:7700` and `localhost:7700` without brackets and port, in lower case; empty for what is no host. */
export function hostnameOf(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase();
}
