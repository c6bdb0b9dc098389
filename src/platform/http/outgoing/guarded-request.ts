/** Requests to servers that somebody names, where the address has the last word: the host's name is resolved once, every address that it leads to is
 *  judged, and the connection goes to these addresses and no others. What the name leads to a moment later (DNS rebinding) does not matter. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errnoOf } from "../../errors.ts";
import { createSlots } from "../../slots.ts";
import { exchange, type HttpRequest, type HttpResponse } from "./exchange.ts";
import { ExchangeError } from "./exchange-error.ts";

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface Guarded {
  /** Throws where a request may not go. */
  judge(address: string): void;
  /** The system's own if absent. */
  readonly resolve?: Resolve;
  readonly signal: AbortSignal;
}

/** One request, without what its response asks for.
 *  @throws {ExchangeError} what `judge` throws, and the errors of sockets and TLS */
export async function requestGuarded(request: HttpRequest, { judge, resolve, signal }: Guarded): Promise<HttpResponse> {
  const addresses = await guardedAddresses(hostOf(request.url), { judge, resolve, signal });
  return await exchange(request, { addresses, signal });
}

/** Where a host may be connected to: for these alone holds what `judge` has found. @throws as `requestGuarded` */
export async function guardedAddresses(
  hostname: string,
  { judge, resolve = resolveByTheSystem, signal }: Guarded,
): Promise<readonly LookupAddress[]> {
  const addresses = await addressesOf(hostname, resolve, signal);
  for (const { address } of addresses) judge(address);
  return addresses;
}

async function addressesOf(hostname: string, resolve: Resolve, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const addresses = await Promise.race([resolve(hostname), aborted]);
    if (addresses.length === 0) throw new ExchangeError(`${hostname} has no address`);
    return addresses;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Addresses of IPv6 without their brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** Each question of this kind holds one of the few threads that the whole process reads its files with, for as long as no server answers. */
const withLookup = createSlots(2);

function resolveByTheSystem(hostname: string): Promise<readonly LookupAddress[]> {
  return withLookup(() => lookup(hostname, { all: true }));
}

/** The addresses that were tried are nobody's business: codes, no messages. */
export function exchangeFault(error: unknown): string {
  if (error instanceof ExchangeError) return error.message;
  const errno = errnoOf(error);
  if (errno !== undefined) return errno;
  return error instanceof AggregateError ? "no address could be reached" : "the connection broke";
}
