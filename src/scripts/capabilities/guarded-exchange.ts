/** Requests that a policy has the last word about. Every one, also one that a redirect asks for, is judged by the policy as it is at that
 *  moment, and so is every address that its host's name leads to. */
import { errnoOf } from "../../platform/errors.ts";
import type { HttpRequest, HttpResponse } from "../../platform/http/outgoing/exchange.ts";
import { exchangeFault, type Resolve, requestGuarded } from "../../platform/http/outgoing/guarded-request.ts";
import { CallError, PolicyDenial, shortened } from "./call-error.ts";
import { redirected } from "./fetch-request.ts";

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
  const judge = (address: string) => {
    const refusal = refuse(address);
    if (refusal !== undefined) throw guard.denial(request, refusal, from);
  };
  return await requestGuarded(request, { judge, resolve: guard.resolve, signal });
}

/** Words of the policy stand for themselves; what else went wrong is said with what it was that failed. */
function describe(error: unknown, request: HttpRequest, lateMs: number | undefined, what: string): CallError {
  const asked = `${request.method} ${shortened(request.url.href)}`;
  if (lateMs !== undefined) return new CallError(`${what} failed: ${asked}: no response within ${lateMs / 1_000} s`);
  if (error instanceof PolicyDenial) return error;
  return new CallError(`${what} failed: ${asked}: ${reasonOf(error)}`, { cause: error, code: errnoOf(error) });
}

export function reasonOf(error: unknown): string {
  return error instanceof CallError ? error.message : exchangeFault(error);
}
