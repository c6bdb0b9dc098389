/** The hosts of the fleet, as a person names them. */
import { YardError } from "../platform/errors.ts";
import { readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, textField } from "./json.ts";

export interface FleetHost {
  readonly id: string;
  readonly name: string;
}

export interface FleetHostSeen extends FleetHost {
  /** `online`, or `offline`, `pending`, `revoked`. */
  readonly status: string;
}

/** One host, or all that the person may reach. */
export type HostChoice = FleetHost | "all";

export const fleetRoot = "/api/v1";

/** The yard's own. */
export const localHost: FleetHost = { id: "local", name: "Local" };

export async function listFleetHosts(client: YardClient): Promise<FleetHostSeen[]> {
  const hosts = await readJson(await client.request({ method: "GET", path: `${fleetRoot}/hosts` }));
  if (!Array.isArray(hosts)) throw new TypeError("the list of hosts is no array");
  return hosts.map((value) => {
    const host = asObject(value, "a host");
    return { id: textField(host, "id"), name: textField(host, "name"), status: textField(host, "status") };
  });
}

/** @param called an id, the name that it alone has, `local`, or `all`; absent: the yard's own @throws {YardError} not_found, conflict */
export async function chooseHost(client: YardClient, called: string | undefined): Promise<HostChoice> {
  if (called === "all") return called;
  return findFleetHost(client, called);
}

/** The same, where all at once make no sense. @throws {YardError} invalid, too */
export async function findFleetHost(client: YardClient, called: string | undefined): Promise<FleetHost> {
  if (called === "all")
    throw new YardError("invalid", "all hosts at once can only be listed: name one", { field: "--host" });
  if (called === undefined || called === localHost.id) return localHost;
  const hosts = await listFleetHosts(client);
  const found = hosts.filter(({ id, name }) => id === called || name === called);
  if (found.length > 1) {
    const candidates = found.map(({ id }) => id).join(", ");
    throw new YardError("conflict", `several hosts are called ${inert(called)}: name one by its id, ${candidates}.`);
  }
  if (found[0]) return found[0];
  const names = hosts.map(({ name }) => inert(name)).join(", ");
  throw new YardError(
    "not_found",
    `there is no host ${inert(called)}, or it is not yours to see. There are: ${names}.`,
  );
}
