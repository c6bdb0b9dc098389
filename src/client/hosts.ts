/** The calls behind `runyard host`: the machines that capsules run on. */
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, optionalNumberField, optionalTextField, textField } from "./json.ts";
import { textsIn } from "./tasks.ts";

export interface HostSeen {
  readonly json: JsonObject;
  readonly id: string;
  readonly name: string;
  /** `regular` or `byoc`. */
  readonly type: string;
  readonly team?: string;
  readonly status: string;
  readonly provider?: string;
  readonly zone?: string;
  readonly arch?: string;
  readonly cpuCores?: number;
  readonly memoryMb?: number;
  readonly diskGb?: number;
  readonly address?: string;
  readonly lastHeardAt?: Date;
  readonly tags: readonly string[];
}

export interface HostWanted {
  /** Whose own it is to be; everybody's if absent. */
  readonly team?: string;
  readonly name?: string;
  readonly provider?: string;
  readonly zone?: string;
  readonly tags?: readonly string[];
}

/** @returns the host, and the token by which a machine becomes it */
export async function addHost(client: YardClient, wanted: HostWanted): Promise<{ host: HostSeen; token: string }> {
  const { team, name, provider, zone, tags } = wanted;
  const json = {
    ...(team === undefined ? { type: "regular" } : { type: "byoc", team_id: team }),
    ...{ name, provider, availability_zone: zone, tags },
  };
  return invited(await readJson(await client.request({ method: "POST", path: "/v1/hosts", json })));
}

/** Another token, for a host that no machine is yet. */
export async function inviteHost(client: YardClient, id: string): Promise<{ host: HostSeen; token: string }> {
  return invited(await readJson(await client.request({ method: "POST", path: `${pathOf(id)}/token` })));
}

export async function listHosts(client: YardClient): Promise<HostSeen[]> {
  const hosts = await readJson(await client.request({ method: "GET", path: "/v1/hosts" }));
  if (!Array.isArray(hosts)) throw new TypeError("the list of hosts is no array");
  return hosts.map(hostIn);
}

/** @param called its id, or the name that it alone has @throws {YardError} not_found, conflict */
export async function findHost(client: YardClient, called: string): Promise<HostSeen> {
  const hosts = await listHosts(client);
  const found = hosts.filter(({ id, name }) => id === called || name === called);
  if (found.length > 1)
    throw new YardError(
      "conflict",
      `several hosts are called ${called}: name one by its id, which \`runyard host ls\` shows.`,
    );
  if (found[0]) return found[0];
  throw new YardError("not_found", `there is no host ${called}, or it is not yours to see.`);
}

export async function capsulesOnHost(client: YardClient, id: string): Promise<readonly string[]> {
  const reply = await readJson(await client.request({ method: "GET", path: `${pathOf(id)}/delete-preview` }));
  return textsIn(asObject(reply, "the answer"), "sandbox_ids");
}

/** @throws {YardError} conflict, while capsules are on it, unless `force` */
export async function removeHost(client: YardClient, id: string, { force }: { force: boolean }): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: pathOf(id), query: { force } }));
}

export async function tagHost(client: YardClient, id: string, tag: string): Promise<void> {
  await discard(await client.request({ method: "POST", path: `${pathOf(id)}/tags`, json: { tag } }));
}

export async function untagHost(client: YardClient, id: string, tag: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: `${pathOf(id)}/tags/${encodeURIComponent(tag)}` }));
}

const pathOf = (id: string): string => `/v1/hosts/${encodeURIComponent(id)}`;

function invited(value: unknown): { host: HostSeen; token: string } {
  const reply = asObject(value, "the answer");
  return { host: hostIn(reply.host), token: textField(reply, "registration_token") };
}

function hostIn(value: unknown): HostSeen {
  const json = asObject(value, "a host");
  const heard = optionalTextField(json, "last_heartbeat_at");
  return {
    json,
    id: textField(json, "id"),
    name: textField(json, "name"),
    type: textField(json, "type"),
    team: optionalTextField(json, "team_name") ?? optionalTextField(json, "team_id"),
    status: textField(json, "status"),
    provider: optionalTextField(json, "provider"),
    zone: optionalTextField(json, "availability_zone"),
    arch: optionalTextField(json, "arch"),
    cpuCores: optionalNumberField(json, "cpu_cores"),
    memoryMb: optionalNumberField(json, "memory_mb"),
    diskGb: optionalNumberField(json, "disk_gb"),
    address: optionalTextField(json, "address"),
    lastHeardAt: heard === undefined ? undefined : new Date(heard),
    tags: textsIn(json, "tags"),
  };
}
