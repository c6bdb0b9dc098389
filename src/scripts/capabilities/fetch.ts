/** `fetch` of scripts. Every request, also one that a redirect asks for, is judged by the policy as it is at that moment; the host's name is
 *  resolved once, every address that it leads to is judged, and the connection goes to these addresses and no others: what the name leads to a
 *  moment later (DNS rebinding) does not matter. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errnoOf } from "../../platform/errors.ts";
import { CallError, shortened } from "./call-error.ts";
import { type FetchPolicy, judgeRequest, refuseAddress } from "./fetch-policy.ts";
import { parseFetch, redirected } from "./fetch-request.ts";
import { exchange, type HttpRequest, type HttpResponse } from "./http-exchange.ts";
import { createSlots } from "./slots.ts";

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface FetchOptions {
  /** Asked each time. Undefined: nothing is allowed any more. */
  policy(): FetchPolicy | undefined;
  /** Of one script, beside the policy's own limit. */
  readonly maxResponseBytes: number;
  readonly resolve?: Resolve;
}

export interface Fetched {
  /** As the script's `fetch` makes a Response of it. */
  readonly value: {
    readonly status: number;
    readonly statusText: string;
    readonly url: string;
    readonly redirected: boolean;
    readonly headers: readonly (readonly [string, string])[];
  };
  readonly content: Buffer;
}

export type Fetch = (args: unknown, content: Uint8Array, signal: AbortSignal) => Promise<Fetched>;

const mostRedirects = 20;
/** The limits of what is denied anyway. */
const noPolicy = { timeoutMs: 1_000, maxResponseBytes: 0 };

export function createFetch(options: FetchOptions): Fetch {
  const { resolve = resolveByTheSystem } = options;

  /** @throws {CallError} if the policy denies it */
  async function send(request: HttpRequest, from: HttpRequest | undefined, signal: AbortSignal): Promise<HttpResponse> {
    const { url, method } = request;
    const deny = (reason: string): CallError => {
      const way = from === undefined ? "" : ` (redirected from ${shortened(from.url.href)})`;
      return new CallError(`fetch denied by policy: ${method} ${shortened(url.href)} is not allowed: ${reason}${way}`);
    };
    const policy = options.policy();
    if (policy === undefined) throw deny("the policy has no fetch any more");
    const verdict = judgeRequest(policy, request);
    if (verdict.allowedBy === undefined) throw deny(verdict.reason);
    const addresses = await addressesOf(url, resolve, signal);
    for (const { address } of addresses) {
      const refusal = refuseAddress(verdict.allowedBy, url, address);
      if (refusal !== undefined) throw deny(refusal);
    }
    return await exchange(request, { addresses, signal });
  }

  return async (args, content, signal) => {
    const { request: first, redirect } = parseFetch(args, content);
    const { timeoutMs, maxResponseBytes } = options.policy() ?? noPolicy;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = AbortSignal.any([signal, timeout]);
    let request = first;
    try {
      for (let redirects = 0, from: HttpRequest | undefined; ; redirects++) {
        using response = await send(request, from, ended);
        const next = redirect === "manual" ? undefined : redirected(request, response);
        if (next === undefined) {
          const content = await response.read(Math.min(maxResponseBytes, options.maxResponseBytes));
          const { status, statusText, headers } = response;
          return { value: { status, statusText, headers, url: request.url.href, redirected: redirects > 0 }, content };
        }
        if (redirect === "error") throw new CallError("the response is a redirect, and none was wanted");
        if (redirects === mostRedirects) throw new CallError("there were too many redirects");
        from = request;
        request = next;
      }
    } catch (error) {
      throw describe(error, { request, timeoutMs, isLate: timeout.aborted });
    }
  };
}

async function addressesOf(url: URL, resolve: Resolve, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const addresses = await Promise.race([resolve(hostname), aborted]);
    if (addresses.length === 0) throw new CallError(`${hostname} has no address`);
    return addresses;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Each question of this kind holds one of the few threads that the whole process reads its files with, for as long as no server answers. */
const withLookup = createSlots(2);

function resolveByTheSystem(hostname: string): Promise<readonly LookupAddress[]> {
  return withLookup(() => lookup(hostname, { all: true }));
}

/** Words of the policy stand for themselves; what else went wrong is said with what it was that failed. */
function describe(
  error: unknown,
  { request, timeoutMs, isLate }: { request: HttpRequest; timeoutMs: number; isLate: boolean },
): CallError {
  const what = `${request.method} ${shortened(request.url.href)}`;
  if (isLate) return new CallError(`fetch failed: ${what}: no response within ${timeoutMs / 1_000} s`);
  if (error instanceof CallError && error.message.startsWith("fetch denied")) return error;
  const reason = error instanceof CallError ? error.message : reasonOf(error);
  return new CallError(`fetch failed: ${what}: ${reason}`, { cause: error, code: errnoOf(error) });
}

/** The addresses that were tried are nobody's business in there: codes, no messages. */
function reasonOf(error: unknown): string {
  const errno = errnoOf(error);
  if (errno !== undefined) return errno;
  return error instanceof AggregateError ? "no address could be reached" : "the connection broke";
}
