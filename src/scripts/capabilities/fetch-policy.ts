/** Whether a request may go out: by host, method and path, and by the address that it would go to. */
import { type BlockList, isIP } from "node:net";
import { isIn, specialKindOf } from "../../platform/http/outgoing/addresses.ts";
import { hostOf } from "../../platform/http/outgoing/guarded-request.ts";
import { type HostPattern, matchesHost } from "./host-pattern.ts";
import { matchesPath, type PathPattern } from "./path-pattern.ts";

export interface FetchRule {
  readonly name: string;
  readonly hosts: readonly HostPattern[];
  readonly methods: ReadonlySet<string> | "any";
  /** Undefined: every path. */
  readonly paths: readonly PathPattern[] | undefined;
  /** Beside the internet, what the names of the hosts may lead to. */
  readonly networks: BlockList;
}

export interface FetchPolicy {
  readonly rules: readonly FetchRule[];
  /** Of a whole call, redirects included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export type Verdict =
  | { readonly allowedBy: readonly FetchRule[] }
  | { readonly allowedBy: undefined; readonly reason: string };

/** @returns the rules that allow it, or which one comes closest and why it does not */
export function judgeRequest({ rules }: FetchPolicy, { method, url }: { method: string; url: URL }): Verdict {
  const ofHost = rules.filter(({ hosts }) => hosts.some((host) => matchesHost(host, url)));
  const ofMethod = ofHost.filter(({ methods }) => methods === "any" || methods.has(method));
  const allowedBy = ofMethod.filter(({ paths }) => paths === undefined || matchesPath(paths, url));
  if (allowedBy.length > 0) return { allowedBy };
  return { allowedBy: undefined, reason: reasonOf({ method, url, ofHost, ofMethod }) };
}

function reasonOf(found: { method: string; url: URL; ofHost: readonly FetchRule[]; ofMethod: readonly FetchRule[] }) {
  if (found.ofMethod.length > 0) return `${namesOf(found.ofMethod)} does not allow this path`;
  if (found.ofHost.length > 0) return `${namesOf(found.ofHost)} does not allow ${found.method}`;
  return `no rule of fetch.allow is for ${found.url.protocol}//${found.url.host}`;
}

/** @param rules those that allow the request
 *  @returns undefined if one of them lets it go to this address, else why none does */
export function refuseAddress(
  rules: readonly Pick<FetchRule, "name" | "hosts" | "networks">[],
  url: URL,
  address: string,
): string | undefined {
  const kind = specialKindOf(address);
  if (kind === undefined) return undefined;
  // An address that stands in the policy itself is meant.
  const isNamed = isIP(hostOf(url)) !== 0;
  const named = rules.some(
    ({ networks, hosts }) =>
      isIn(networks, address) || (isNamed && hosts.some((host) => host.match === "name" && matchesHost(host, url))),
  );
  return named ? undefined : `${url.hostname} leads to ${kind}, and ${namesOf(rules)} names no network that it is in`;
}

function namesOf(rules: readonly Pick<FetchRule, "name">[]): string {
  const names = rules.map(({ name }) => `"${name}"`);
  return `rule ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
}
