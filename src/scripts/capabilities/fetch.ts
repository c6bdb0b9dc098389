/** `fetch` of scripts: what they ask for, judged by the policy's rules for it. */

import type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";
import { PolicyDenial, shortened } from "./call-error.ts";
import { type FetchPolicy, judgeRequest, refuseAddress } from "./fetch-policy.ts";
import { parseFetch } from "./fetch-request.ts";
import { exchangeGuarded, type Guard } from "./guarded-exchange.ts";

export type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";

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

/** The limits of what is denied anyway. */
const noPolicy = { timeoutMs: 1_000, maxResponseBytes: 0 };

export function createFetch(options: FetchOptions): Fetch {
  const denial: Guard["denial"] = ({ method, url }, reason, from) => {
    const way = from === undefined ? "" : ` (redirected from ${shortened(from.url.href)})`;
    return new PolicyDenial(`fetch denied by policy: ${method} ${shortened(url.href)} is not allowed: ${reason}${way}`);
  };
  const judge: Guard["judge"] = (request, from) => {
    const policy = options.policy();
    if (policy === undefined) throw denial(request, "the policy has no fetch any more", from);
    const verdict = judgeRequest(policy, request);
    if (verdict.allowedBy === undefined) throw denial(request, verdict.reason, from);
    return (address) => refuseAddress(verdict.allowedBy, request.url, address);
  };

  return async (args, content, signal) => {
    const { request, redirect } = parseFetch(args, content);
    const { timeoutMs, maxResponseBytes } = options.policy() ?? noPolicy;
    const guard: Guard = {
      ...{ what: "fetch", judge, denial, timeoutMs, resolve: options.resolve },
      maxResponseBytes: Math.min(maxResponseBytes, options.maxResponseBytes),
    };
    const exchanged = await exchangeGuarded(request, { guard, redirect, signal });
    const { status, statusText, headers } = exchanged.response;
    const { url, redirected } = exchanged;
    return { value: { status, statusText, headers, url: url.href, redirected }, content: exchanged.content };
  };
}
