/** The hosts that a request is about: one, or for lists all within its sender's reach. */
import type { DockerHost, DockerHosts } from "../../containers/docker-hosts.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { fanOutToWire } from "./fan-out.ts";
import { reachOf } from "./guards.ts";
import { hostIdOf } from "./schemas.ts";

/** Of one host; a list is not for reading through more. */
const mostRows = 1_000;

export interface HostRequest extends ApiRequest {
  readonly query: { readonly host?: string };
}

export type RowsOfHosts = readonly object[] | ReturnType<typeof fanOutToWire<readonly object[], object>>;

export interface AskedHosts {
  /** @throws {YardError} invalid, forbidden, unavailable */
  one(request: HostRequest): DockerHost;
  /** The rows of the one host, or with `host=all` those of all, each with its host. @throws {YardError} as `one` and `ask`, for one host */
  rows(request: HostRequest, ask: (host: DockerHost) => Promise<readonly object[]>): Promise<RowsOfHosts>;
}

export function createAskedHosts(hosts: DockerHosts): AskedHosts {
  const one: AskedHosts["one"] = (request) => hosts.get(hostIdOf(request.query), reachOf(request));
  return {
    one,
    async rows(request, ask) {
      const some = async (host: DockerHost) => firstOf(await ask(host));
      if (request.query.host !== "all") return some(one(request));
      return fanOutToWire(await hosts.fanOut(reachOf(request), some), (rows) => rows);
    },
  };
}

/** A list that is short enough stays the same object: what is kept for it is found again. */
function firstOf(rows: readonly object[]): readonly object[] {
  return rows.length > mostRows ? rows.slice(0, mostRows) : rows;
}
