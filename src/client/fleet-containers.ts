/** The calls behind `runyard container`. */
import { fleetRoot, type HostChoice } from "./fleet-hosts.ts";
import { type FleetRow, findNamed, type HostAway, listRows, type Named, type Placed } from "./fleet-rows.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

export interface ContainerSeen extends Named {
  readonly json: JsonObject;
  readonly image: string;
  /** As the engine calls it: `running`, `exited`, … */
  readonly state: string;
  /** For people: `Up 3 minutes (healthy)`. */
  readonly status: string;
  /** `0.0.0.0:8080->80/tcp` */
  readonly ports: readonly string[];
  /** Whose it is, if it is of one. */
  readonly stack?: string;
}

export interface ContainersSeen {
  readonly containers: readonly ContainerSeen[];
  readonly away: readonly HostAway[];
  readonly json: unknown;
}

/** An engine gives a container its own time to stop, up to ten minutes. */
const stopMs = 11 * 60_000;
/** The image is pulled in it. */
const updateMs = 30 * 60_000;

/** The youngest first. @param options.all also those that do not run */
export async function listContainers(
  client: YardClient,
  choice: HostChoice,
  { all }: { readonly all: boolean },
): Promise<ContainersSeen> {
  const { rows, away, json } = await listRows(client, "containers", choice, { all });
  return { json, away, containers: rows.map(containerIn) };
}

/** @param called a name, an id, or its beginning @throws {YardError} not_found, conflict */
export async function findContainer(client: YardClient, choice: HostChoice, called: string): Promise<ContainerSeen> {
  const { containers, away } = await listContainers(client, choice, { all: true });
  return findNamed(containers, called, { what: "container", away });
}

/** As its engine describes it. */
export async function inspectContainer(client: YardClient, { id, host }: Placed): Promise<JsonObject> {
  const reply = await client.request({ method: "GET", path: containerPath(id), query: { host: host.id } });
  return asObject(await readJson(reply), "the container");
}

export type ContainerMove = "start" | "stop" | "restart" | "pause" | "unpause";

export async function moveContainer(client: YardClient, { id, host }: Placed, move: ContainerMove): Promise<void> {
  const call = { path: `${containerPath(id)}/${move}`, query: { host: host.id }, timeoutMs: stopMs };
  await discard(await client.request({ method: "POST", ...call }));
}

export async function killContainer(client: YardClient, { id, host }: Placed, signal: string): Promise<void> {
  const call = { path: `${containerPath(id)}/kill`, query: { host: host.id }, json: { signal } };
  await discard(await client.request({ method: "POST", ...call }));
}

/** @param options.force also one that runs */
export async function removeContainer(
  client: YardClient,
  { id, host }: Placed,
  { force }: { readonly force: boolean },
): Promise<void> {
  const call = { path: containerPath(id), query: { host: host.id, force }, timeoutMs: stopMs };
  await discard(await client.request({ method: "DELETE", ...call }));
}

/** Whether its registry has another image of that name by now. */
export async function askForUpdate(
  client: YardClient,
  { id, host }: Placed,
): Promise<{ readonly json: JsonObject; readonly isThere: boolean; readonly image: string }> {
  const call = { path: `${containerPath(id)}/update-info`, query: { host: host.id }, timeoutMs: 120_000 };
  const json = asObject(await readJson(await client.request({ method: "GET", ...call })), "the answer");
  return { json, isThere: json.update_available === true, image: textField(json, "current_image") };
}

/** Puts an identical container of the newest image in its place. */
export async function updateContainer(
  client: YardClient,
  { id, host }: Placed,
): Promise<{ readonly json: JsonObject; readonly containerId: string; readonly isNew: boolean }> {
  const call = { path: `${containerPath(id)}/update`, query: { host: host.id }, timeoutMs: updateMs };
  const json = asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
  const containerId = textField(json, "container_id");
  return { json, containerId, isNew: containerId !== id };
}

export interface UpdateSeen {
  readonly id: number;
  readonly isRolledBack: boolean;
}

/** Newest first. */
export async function listUpdates(client: YardClient, { id, host }: Placed): Promise<UpdateSeen[]> {
  const call = { path: `${containerPath(id)}/update-history`, query: { host: host.id } };
  const updates = await readJson(await client.request({ method: "GET", ...call }));
  if (!Array.isArray(updates)) throw new TypeError("the list of updates is no array");
  return updates.map((value) => {
    const update = asObject(value, "an update");
    return { id: numberField(update, "id"), isRolledBack: optionalTextField(update, "rolled_back_at") !== undefined };
  });
}

/** Puts one of the image from before an update in its place. */
export async function rollContainerBack(
  client: YardClient,
  { id, host }: Placed,
  updateId: number,
): Promise<JsonObject> {
  const call = { path: `${containerPath(id)}/rollback`, query: { host: host.id }, json: { history_id: updateId } };
  return asObject(await readJson(await client.request({ method: "POST", ...call, timeoutMs: updateMs })), "the answer");
}

const containerPath = (id: string): string => `${fleetRoot}/containers/${encodeURIComponent(id)}`;

/** Of one of the four WebSockets. @param query without what is undefined */
export function containerSocketPath(
  kind: "logs" | "stats" | "command",
  { id, host }: Placed,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = Object.entries({ host: host.id, ...query }).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return `${fleetRoot}/ws/${kind}/${encodeURIComponent(id)}?${new URLSearchParams(parameters)}`;
}

function containerIn({ json, host }: FleetRow): ContainerSeen {
  const names = Array.isArray(json.Names) ? json.Names.map((name) => String(name).replace(/^\//, "")) : [];
  const labels = asObject(json.Labels ?? {}, '"Labels"');
  return {
    ...{ json, host, id: textField(json, "Id"), names },
    image: textField(json, "Image"),
    state: textField(json, "State"),
    status: textField(json, "Status"),
    ports: Array.isArray(json.Ports) ? [...new Set(json.Ports.map(portText))] : [],
    stack: optionalTextField(labels, "com.docker.compose.project"),
  };
}

function portText(value: unknown): string {
  const port = asObject(value, "a port");
  const inside = `${numberField(port, "PrivatePort")}/${textField(port, "Type")}`;
  if (port.PublicPort === undefined) return inside;
  return `${optionalTextField(port, "IP") ?? ""}:${numberField(port, "PublicPort")}->${inside}`;
}
