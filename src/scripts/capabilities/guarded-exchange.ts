/** Requests that a policy has the last word about. Every one, also one that a redirect asks for, is judged by the policy as it is at that
 *  moment; the host's name is resolved once, every address that it leads to is judged, and the connection goes to these addresses and no others:
 *  what the name leads to a moment later (DNS rebinding) does not matter. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errnoOf } from "../../platform/errors.ts";
import { CallError, PolicyDenial, shortened } from "./call-error.ts";
import { redirected } from "./fetch-request.ts";
import { exchange, type HttpRequest, type HttpResponse } from "./http-exchange.ts";
import { createSlots } from "./slots.ts";

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Says of an address why the request may not go there; undefined if it may. */
export type RefuseAddress = (address: string) => string | undefined;

export interface Guard {
  /** For messages: `fetch`. */
  readonly what: string;
  /** @param from what has led here by a redirect
   *  @throws {PolicyDenial} whatever the address */
  judge(request: HttpRequest, from: HttpRequest | undefined): RefuseAddress;
  denial(request: HttpRequest, reason: string, from: HttpRequest | undefined): PolicyDenial;
  /** Of all requests together. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly resolve?: Resolve;
}

export interface Exchanged {
  readonly response: Pick<HttpResponse, "status" | "statusText" | "headers">;
  /** Where the response came from in the end. */
  readonly url: URL;
  readonly redirected: boolean;
  /** Decompressed. */
  readonly content: Buffer;
}

const mostRedirects = 20;

/** @throws {CallError} */
export async function exchangeGuarded(
  first: HttpRequest,
  { guard, redirect, signal }: { guard: Guard; redirect: "follow" | "manual" | "error"; signal: AbortSignal },
): Promise<Exchanged> {
  const timeout = AbortSignal.timeout(guard.timeoutMs);
  const ended = AbortSignal.any([signal, timeout]);
  let request = first;
  try {
    for (let redirects = 0, from: HttpRequest | undefined; ; redirects++) {
      using response = await sendGuarded(request, { guard, from, signal: ended });
      const next = redirect === "manual" ? undefined : redirected(request, response);
      if (next === undefined) {
        const content = await response.read(guard.maxResponseBytes);
        return { response, content, url: request.url, redirected: redirects > 0 };
      }
      if (redirect === "error") throw new CallError("the response is a redirect, and none was wanted");
      if (redirects === mostRedirects) throw new CallError("there were too many redirects");
      from = request;
      request = next;
    }
  } catch (error) {
    throw describe(error, request, timeout.aborted ? guard.timeoutMs : undefined, guard.what);
  }
}

/** One request, without what its response asks for.
 *  @throws {PolicyDenial} and the errors of sockets and TLS */
export async function sendGuarded(
  request: HttpRequest,
  {
    guard,
    from,
    signal,
  }: {
    readonly guard: Pick<Guard, "judge" | "denial" | "resolve">;
    readonly from?: HttpRequest;
    readonly signal: AbortSignal;
  },
): Promise<HttpResponse> {
  const refuse = guard.judge(request, from);
  const addresses = await addressesOf(request.url, guard.resolve ?? resolveByTheSystem, signal);
  for (const { address } of addresses) {
    const refusal = refuse(address);
    if (refusal !== undefined) throw guard.denial(request, refusal, from);
  }
  return await exchange(request, { addresses, signal });
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
function describe(error: unknown, request: HttpRequest, lateMs: number | undefined, what: string): CallError {
  const asked = `${request.method} ${shortened(request.url.href)}`;
  if (lateMs !== undefined) return new CallError(`${what} failed: ${asked}: no response within ${lateMs / 1_000} s`);
  if (error instanceof PolicyDenial) return error;
  return new CallError(`${what} failed: ${asked}: ${reasonOf(error)}`, { cause: error, code: errnoOf(error) });
}

/** The addresses that were tried are nobody's business in there: codes, no messages. */
export function reasonOf(error: unknown): string {
  if (error instanceof CallError) return error.message;
  const errno = errnoOf(error);
  if (errno !== undefined) return errno;
  return error instanceof AggregateError ? "no address could be reached" : "the connection broke";
}
