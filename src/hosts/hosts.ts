/** The hosts of the yard. */
import { YardError } from "../platform/errors.ts";
import type { Host } from "./host.ts";

export interface Hosts {
  /** @throws {YardError} not_found */
  get(id: string): Host;
  list(): readonly Host[];
  /** The one that the control plane runs on. */
  readonly local: Host;
}

export function createHosts(parts: { local: Host }): Hosts {
  const hosts = new Map([[parts.local.id, parts.local]]);
  return {
    local: parts.local,
    list: () => [...hosts.values()],
    get(id) {
      const host = hosts.get(id);
      if (!host) throw new YardError("not_found", `there is no host ${JSON.stringify(id)}`);
      return host;
    },
  };
}
