/** Requests to OpenID providers: to addresses that may be asked, over TLS unless they are this machine's, without following where an answer leads, and
 *  with an end to how long an answer may be. */
import type { BlockList } from "node:net";
import type { CustomFetch, FetchBody } from "openid-client";
import { isLoopbackAddress } from "../../platform/http/local-request.ts";
import { isIn, specialKindOf } from "../../platform/http/outgoing/addresses.ts";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";
import { exchangeFault, hostOf, type Resolve, requestGuarded } from "../../platform/http/outgoing/guarded-request.ts";
import { userAgent } from "../../platform/http/outgoing/user-agent.ts";
import { isSafeToAsk } from "./issuer.ts";

export interface ProviderFetchParts {
  /** Beside the internet, where providers may be. */
  readonly allowNetworks: BlockList;
  /** The system's own if absent. */
  readonly resolve?: Resolve;
  /** Of one request, until all of the answer is there. */
  readonly timeoutMs: number;
}

/** Far more than discovery documents, keys and tokens have. */
const mostBytes = 1_024 * 1_024;

/** What it throws is an ExchangeError: it tells nothing of what was sent or answered. */
export function createProviderFetch({ allowNetworks, resolve, timeoutMs }: ProviderFetchParts): CustomFetch {
  return async (href, { method, headers, body }) => {
    const url = new URL(href);
    const host = hostOf(url);
    if (!isSafeToAsk(url)) throw new ExchangeError(`${host} would be asked without TLS`);
    const judge = (address: string) => {
      if (url.protocol === "http:" && !isLoopbackAddress(address))
        throw new ExchangeError(`${host} would be asked without TLS`);
      const kind = specialKindOf(address);
      if (kind === undefined || isIn(allowNetworks, address)) return;
      throw new ExchangeError(`${host} leads to ${kind}, which openid.allow-networks does not allow`);
    };
    const request = {
      ...{ method, url, body: bytesOf(body) },
      headers: Object.entries({ ...headers, "user-agent": userAgent }),
    };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      using response = await requestGuarded(request, { judge, resolve, signal });
      const content = await response.read(mostBytes);
      return replyOf(response.status, response.headers, content);
    } catch (error) {
      throw new ExchangeError(signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : exchangeFault(error));
    }
  };
}

function bytesOf(body: FetchBody): Uint8Array | undefined {
  if (body instanceof URLSearchParams || typeof body === "string") return Buffer.from(body.toString());
  if (body === undefined || body === null) return undefined;
  throw new TypeError("a request to a provider has a form, or nothing");
}

/** Only the type of what came: nothing else of its headers decides anything. */
function replyOf(status: number, headers: readonly (readonly [string, string])[], content: Buffer): Response {
  if (status < 200 || status > 599) throw new ExchangeError(`it answered with status ${status}`);
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "application/octet-stream";
  const isEmpty = status === 204 || status === 205 || status === 304;
  return new Response(isEmpty ? null : new Uint8Array(content), { status, headers: { "content-type": type } });
}
