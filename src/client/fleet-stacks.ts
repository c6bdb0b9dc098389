/** The calls behind `runyard stack`: stacks as files, and where they are. */
import { YardError } from "../platform/errors.ts";
import { type FleetHost, findFleetHost, fleetRoot, localHost } from "./fleet-hosts.ts";
import { readJson, readText, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";
import { textsIn } from "./tasks.ts";

export interface StackSeen {
  readonly json: JsonObject;
  readonly name: string;
  /** Its file is missing. */
  readonly isLost: boolean;
  /** Absent before it is first deployed. */
  readonly placed?: { readonly host: FleetHost; readonly status: string; readonly deployedAt: Date };
}

export interface StackTexts {
  readonly compose: string;
  readonly env?: string;
}

export interface StackContent extends StackTexts {
  readonly json: JsonObject;
  /** By which whoever writes it anew says what was read. */
  readonly revision?: string;
}

/** By name. */
export async function listStacks(client: YardClient): Promise<StackSeen[]> {
  const stacks = await readJson(await client.request({ method: "GET", path: root }));
  if (!Array.isArray(stacks)) throw new TypeError("the list of stacks is no array");
  return stacks.map(stackIn);
}

/** @throws {YardError} not_found */
export async function findStack(client: YardClient, name: string): Promise<StackSeen> {
  const found = (await listStacks(client)).find((stack) => stack.name === name);
  if (found) return found;
  throw new YardError("not_found", `there is no stack ${name}. Look: runyard stack ls`);
}

/** The host that is named, else the one that the stack was deployed to, else the yard's own. @throws {YardError} as `findFleetHost` */
export async function hostOfStack(client: YardClient, name: string, called: string | undefined): Promise<FleetHost> {
  if (called !== undefined) return findFleetHost(client, called);
  return (await listStacks(client)).find((stack) => stack.name === name)?.placed?.host ?? localHost;
}

/** @throws {YardError} not_found */
export async function readStack(client: YardClient, name: string): Promise<StackContent> {
  return contentIn(await readJson(await client.request({ method: "GET", path: stackPath(name) })));
}

export async function createStack(client: YardClient, name: string, texts: StackTexts): Promise<StackContent> {
  const json = { name, ...texts };
  return contentIn(await readJson(await client.request({ method: "POST", path: root, json })));
}

/** @param texts all of it: without an `env` there is none any more
 *  @param revision of what was read before @throws {YardError} conflict, if it is another one by now */
export async function writeStack(
  client: YardClient,
  name: string,
  texts: StackTexts,
  revision: string | undefined,
): Promise<StackContent> {
  const json = { ...texts, revision };
  return contentIn(await readJson(await client.request({ method: "PUT", path: stackPath(name), json })));
}

export interface Clearing {
  readonly stop: boolean;
  readonly networks: boolean;
  readonly volumes: boolean;
  readonly images: boolean;
  /** Also if others depend on it. */
  readonly force: boolean;
}

export interface Leavings {
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly images: readonly string[];
  readonly errors: readonly string[];
}

const clearMs = 11 * 60_000;

/** @returns what was cleared away besides, if that was asked for */
export async function removeStack(client: YardClient, name: string, clearing: Clearing): Promise<Leavings | undefined> {
  const call = { path: stackPath(name), query: { ...clearing }, timeoutMs: clearMs };
  const text = await readText(await client.request({ method: "DELETE", ...call }));
  if (text === "") return undefined;
  const reply = asObject(JSON.parse(text), "the answer");
  const failure = textField(reply, "cleanup_error");
  if (reply.cleanup === null) return { networks: [], volumes: [], images: [], errors: failure === "" ? [] : [failure] };
  const cleared = asObject(reply.cleanup, '"cleanup"');
  return { ...leavingsIn(cleared), errors: cleared.errors === undefined ? [] : textsIn(cleared, "errors") };
}

/** What `removeStack` could clear away. */
export async function previewClearing(client: YardClient, name: string): Promise<Omit<Leavings, "errors">> {
  const reply = await client.request({ method: "GET", path: `${stackPath(name)}/cleanup-preview` });
  return leavingsIn(asObject(await readJson(reply), "the answer"));
}

function leavingsIn(json: JsonObject): Omit<Leavings, "errors"> {
  return { networks: textsIn(json, "networks"), volumes: textsIn(json, "volumes"), images: textsIn(json, "images") };
}

export interface StackContainer {
  readonly json: JsonObject;
  readonly id: string;
  readonly service: string;
  readonly state: string;
  readonly status: string;
  readonly image: string;
}

/** By service, those that do not run included. */
export async function listStackContainers(
  client: YardClient,
  name: string,
  { id: host }: FleetHost,
): Promise<StackContainer[]> {
  const call = { path: `${stackPath(name)}/status`, query: { host } };
  const rows = await readJson(await client.request({ method: "GET", ...call }));
  if (!Array.isArray(rows)) throw new TypeError("the list of containers is no array");
  return rows.map((value) => {
    const json = asObject(value, "a container");
    return {
      ...{ json, id: textField(json, "container_id"), service: textField(json, "service") },
      ...{ state: textField(json, "state"), status: textField(json, "status"), image: textField(json, "image") },
    };
  });
}

export interface Discovered {
  readonly json: JsonObject;
  readonly name: string;
  readonly host: FleetHost;
  readonly services: number;
}

/** Compose projects of a host that are no stacks. */
export async function discoverProjects(client: YardClient, { id: host }: FleetHost): Promise<Discovered[]> {
  const call = { path: `${root}/discovered`, query: { host } };
  const projects = await readJson(await client.request({ method: "GET", ...call }));
  if (!Array.isArray(projects)) throw new TypeError("the list of projects is no array");
  return projects.map((value) => {
    const json = asObject(value, "a project");
    return {
      ...{ json, name: textField(json, "project_name"), services: numberField(json, "service_count") },
      host: { id: textField(json, "host_id"), name: textField(json, "host_name") },
    };
  });
}

export interface Adopted {
  readonly json: JsonObject;
  readonly containers: number;
  readonly warnings: readonly string[];
  /** Services that do not run as the file says. */
  readonly drift: readonly string[];
}

export async function adoptProject(
  client: YardClient,
  name: string,
  { id: host_id }: FleetHost,
  texts: StackTexts,
): Promise<Adopted> {
  const call = { path: `${root}/adopt`, json: { name, host_id, ...texts } };
  const json = asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
  return {
    ...{ json, containers: numberField(json, "bound_containers") },
    ...{ warnings: textsIn(json, "warnings"), drift: textsIn(json, "drift_services") },
  };
}

const root = `${fleetRoot}/stacks`;

export const stackPath = (name: string): string => `${root}/${encodeURIComponent(name)}`;

function contentIn(value: unknown): StackContent {
  const json = asObject(value, "a stack");
  return {
    ...{ json, compose: textField(json, "compose") },
    ...{ env: optionalTextField(json, "env"), revision: optionalTextField(json, "revision") },
  };
}

function stackIn(value: unknown): StackSeen {
  const json = asObject(value, "a stack");
  const placed = json.deployment === undefined ? undefined : asObject(json.deployment, '"deployment"');
  return {
    ...{ json, name: textField(json, "name"), isLost: json.status === "needs_recovery" },
    placed: placed && {
      host: { id: textField(placed, "host_id"), name: optionalTextField(placed, "host_name") ?? "(gone)" },
      status: textField(placed, "status"),
      deployedAt: new Date(textField(placed, "deployed_at")),
    },
  };
}
