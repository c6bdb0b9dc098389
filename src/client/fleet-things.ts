/** The calls behind `runyard image`, `volume` and `network`. */
import { type FleetHost, fleetRoot, type HostChoice } from "./fleet-hosts.ts";
import {
  type FleetRow,
  findNamed,
  type HostAway,
  listRows,
  type Named,
  type Placed,
  type RowKind,
} from "./fleet-rows.ts";
import { discard, readJson, type YardClient, type YardRequest } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

export interface ImageSeen extends Named {
  readonly json: JsonObject;
  readonly bytes: number;
  readonly createdAt: Date;
}

export interface VolumeSeen extends Named {
  readonly json: JsonObject;
  readonly driver: string;
  readonly stack?: string;
}

export interface NetworkSeen extends Named {
  readonly json: JsonObject;
  readonly driver: string;
  /** That are on it. */
  readonly containers: number;
  readonly stack?: string;
}

export interface ThingsSeen<T> {
  readonly things: readonly T[];
  readonly away: readonly HostAway[];
  readonly json: unknown;
}

export interface Kind<T extends Named> {
  readonly path: RowKind;
  /** As commands and messages call one. */
  readonly what: string;
  read(row: FleetRow): T;
}

export const images: Kind<ImageSeen> = {
  ...{ path: "images", what: "image" },
  read: ({ json, host }) => ({
    ...{ json, host, id: textField(json, "Id"), bytes: numberField(json, "Size") },
    names: imageNames(json.RepoTags),
    createdAt: new Date(numberField(json, "Created") * 1_000),
  }),
};

export const volumes: Kind<VolumeSeen> = {
  ...{ path: "volumes", what: "volume" },
  read: ({ json, host }) => {
    const name = textField(json, "Name");
    return { ...{ json, host, id: name, names: [name] }, driver: textField(json, "Driver"), stack: stackOf(json) };
  },
};

export const networks: Kind<NetworkSeen> = {
  ...{ path: "networks", what: "network" },
  read: ({ json, host }) => ({
    ...{ json, host, id: textField(json, "Id"), names: [textField(json, "Name")] },
    ...{ driver: textField(json, "Driver"), stack: stackOf(json) },
    containers: Object.keys(asObject(json.Containers ?? {}, '"Containers"')).length,
  }),
};

/** As engines name them, then as people do who leave out the usual tag. `<none>:<none>` is the engine's word for no name. */
function imageNames(tags: unknown): string[] {
  const names = Array.isArray(tags) ? tags.map(String).filter((tag) => tag !== "<none>:<none>") : [];
  return [...names, ...names.flatMap((name) => (name.endsWith(":latest") ? [name.slice(0, -":latest".length)] : []))];
}

function stackOf({ Labels }: JsonObject): string | undefined {
  return optionalTextField(asObject(Labels ?? {}, '"Labels"'), "com.docker.compose.project");
}

export async function listThings<T extends Named>(
  client: YardClient,
  { path, read }: Kind<T>,
  choice: HostChoice,
  query?: YardRequest["query"],
): Promise<ThingsSeen<T>> {
  const { rows, away, json } = await listRows(client, path, choice, query);
  return { json, away, things: rows.map(read) };
}

/** @throws {YardError} not_found, conflict */
export async function findThing<T extends Named>(
  client: YardClient,
  kind: Kind<T>,
  choice: HostChoice,
  called: string,
): Promise<T> {
  const { things, away } = await listThings(client, kind, choice);
  return findNamed(things, called, { what: kind.what, away });
}

/** @param id as `Named` has it, or of an image one of its names: then that name alone goes, as long as there are others */
export async function removeThing(
  client: YardClient,
  { path }: Pick<Kind<Named>, "path">,
  { id, host }: Placed,
  { force }: { readonly force?: boolean } = {},
): Promise<void> {
  const call = { path: `${fleetRoot}/${path}/${encodeURIComponent(id)}`, query: { host: host.id, force } };
  await discard(await client.request({ method: "DELETE", ...call, timeoutMs: 120_000 }));
}

export interface ThingWanted {
  readonly name: string;
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A volume or a network. @returns what the API answers */
export async function createThing(
  client: YardClient,
  { path }: Pick<Kind<Named>, "path">,
  host: FleetHost,
  wanted: ThingWanted,
): Promise<JsonObject> {
  const call = { path: `${fleetRoot}/${path}`, query: { host: host.id }, json: wanted };
  return asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
}

export interface PruneCandidates {
  readonly json: JsonObject;
  readonly names: readonly string[];
  /** That would be freed, at least. */
  readonly bytes: number;
}

/** What `pruneThings` would remove. */
export async function previewPruning(
  client: YardClient,
  path: "images" | "volumes",
  host: FleetHost,
): Promise<PruneCandidates> {
  const call = { path: `${fleetRoot}/${path}/prune/preview`, query: { host: host.id }, timeoutMs: pruneMs };
  const json = asObject(await readJson(await client.request({ method: "GET", ...call })), "the answer");
  if (!Array.isArray(json.items)) throw new TypeError('"items" is no array');
  const names = json.items.map((item) => textField(asObject(item, "an item"), "name"));
  return { json, names, bytes: numberField(json, "bytes") };
}

export interface Pruned {
  readonly json: JsonObject;
  readonly removed: number;
  readonly bytes: number;
}

/** An engine that has much to delete takes its time. */
const pruneMs = 10 * 60_000;

/** Removes what nobody uses. */
export async function pruneThings(client: YardClient, path: "images" | "volumes", host: FleetHost): Promise<Pruned> {
  const call = { path: `${fleetRoot}/${path}/prune`, query: { host: host.id }, timeoutMs: pruneMs };
  const json = asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
  const removed = path === "images" ? json.ImagesDeleted : json.VolumesDeleted;
  return { json, removed: Array.isArray(removed) ? removed.length : 0, bytes: numberField(json, "SpaceReclaimed") };
}
