/** Names of receivers, which anybody may choose. The system's own way to ask holds one of the few threads that the whole process reads its files with: a
 *  name whose server never answers must not. So name servers are asked directly; the system is asked, for one name at a time, only for what no name server
 *  answers for: names without a full stop, and those that the machine itself has (`/etc/hosts`). */
import type { LookupAddress } from "node:dns";
import { lookup, Resolver } from "node:dns/promises";
import { errnoOf } from "../platform/errors.ts";
import type { Resolve } from "../platform/http/outgoing/guarded-request.ts";
import { createSlots } from "../platform/slots.ts";

export interface ResolveOptions {
  /** `address:port` each; those that the machine is set to ask if absent. */
  readonly servers?: readonly string[];
  /** Of one try, of two, in milliseconds. */
  readonly timeoutMs?: number;
}

export function createResolve({ servers, timeoutMs = 2_000 }: ResolveOptions = {}): Resolve {
  const withLookup = createSlots(1);
  const askSystem: Resolve = (hostname) => withLookup(() => lookup(hostname, { all: true }));

  return async (hostname) => {
    if (!hostname.includes(".")) return askSystem(hostname);
    const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
    if (servers) resolver.setServers(servers);
    const answers = await Promise.allSettled([
      resolver.resolve4(hostname).then((addresses) => addresses.map(ofFamily(4))),
      resolver.resolve6(hostname).then((addresses) => addresses.map(ofFamily(6))),
    ]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (found.length > 0) return found;
    const late = answers.find((answer) => answer.status === "rejected" && errnoOf(answer.reason) === "ETIMEOUT");
    if (late?.status === "rejected") throw late.reason;
    return askSystem(hostname);
  };
}

function ofFamily(family: 4 | 6): (address: string) => LookupAddress {
  return (address) => ({ address, family });
}
