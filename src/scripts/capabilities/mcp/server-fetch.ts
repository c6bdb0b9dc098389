/** How an MCP client reaches its server: requests to that one address, judged like all others, and answers that are only so long. */
import type { FetchLike } from "@modelcontextprotocol/client";
import { type HttpResponse, understoodEncodings } from "../../../platform/http/outgoing/exchange.ts";
import type { Resolve } from "../../../platform/http/outgoing/guarded-request.ts";
import { CallError, PolicyDenial, shortened } from "../call-error.ts";
import { refuseAddress } from "../fetch-policy.ts";
import { sendGuarded } from "../guarded-exchange.ts";
import type { McpServer } from "./server-policy.ts";

export interface ServerFetchOptions {
  /** Of one response. */
  readonly maxResponseBytes: number;
  readonly resolve?: Resolve;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/** Statuses that have no body, by the definition of `Response`. */
const withoutBody = new Set([101, 204, 205, 304]);

export function createServerFetch(
  server: McpServer,
  { maxResponseBytes, resolve, signal: over }: ServerFetchOptions,
): FetchLike {
  const denial = (_request: unknown, reason: string) =>
    new PolicyDenial(`mcp: ${server.name} cannot be reached: ${reason}`);
  const guard = {
    ...{ denial, resolve },
    judge: () => (address: string) => refuseAddress([server], server.url, address),
  };

  return async (input, init = {}) => {
    const url = new URL(String(input));
    if (url.href !== server.url.href) throw new CallError(`mcp: ${server.name} leads to ${shortened(url.href)}`);
    const { method = "GET", body } = init;
    // A standing stream of what the server has to say by itself: scripts have no use for it.
    if (method === "GET") return new Response(null, { status: 405 });
    const request = {
      ...{ method, url, body: typeof body === "string" ? Buffer.from(body) : undefined },
      headers: [...new Headers(init.headers), ...server.headers, ["accept-encoding", understoodEncodings] as const],
    };
    const signal = AbortSignal.any([over, ...(init.signal ? [init.signal] : [])]);
    return responseOf(await sendGuarded(request, { guard, signal }), maxResponseBytes);
  };
}

function responseOf(from: HttpResponse, maxBytes: number): Response {
  const { status, statusText } = from;
  const headers = from.headers.filter(([name]) => !/^content-(?:encoding|length)$/i.test(name));
  if (!withoutBody.has(status))
    return new Response(ReadableStream.from(untilEnd(from, maxBytes)), { status, statusText, headers });
  from[Symbol.dispose]();
  return new Response(null, { status, statusText, headers });
}

async function* untilEnd(response: HttpResponse, maxBytes: number): AsyncGenerator<Uint8Array> {
  using read = response;
  yield* read.stream(maxBytes);
}
