/** The calls behind `runyard stack`: what is changed on hosts, what would be, and what was. */
import type { IncomingMessage } from "node:http";
import { YardError } from "../platform/errors.ts";
import type { FleetHost } from "./fleet-hosts.ts";
import { stackPath } from "./fleet-stacks.ts";
import { discard, readJson, reasonIn, type YardClient, type YardRequest } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";
import { textsIn } from "./tasks.ts";

export interface DeployedService {
  readonly name: string;
  readonly image: string;
}

export interface DeploySeen {
  readonly json: JsonObject;
  readonly services: readonly DeployedService[];
  /** Stacks that had to be deployed first. */
  readonly dependencies: readonly string[];
}

export interface ChangeOptions {
  readonly host: FleetHost;
  /** Ends the waiting, not what was begun. */
  readonly signal: AbortSignal;
}

/** Makes the host run what the stack's files describe. @throws {YardError} precondition, invalid: why it failed */
export async function deployStack(
  client: YardClient,
  name: string,
  { host, signal, environment }: ChangeOptions & { readonly environment?: string },
): Promise<DeploySeen> {
  const call = { path: `${stackPath(name)}/deploy`, query: { host: host.id, environment }, signal };
  return deployIn(await readJson(await change(client, call)));
}

/** Puts the file of an earlier deployment back, and deploys it. */
export async function rollStackBack(
  client: YardClient,
  name: string,
  deployment: number,
  { host, signal }: ChangeOptions,
): Promise<DeploySeen> {
  const call = { path: `${deploymentsPath(name)}/${deployment}/rollback`, query: { host: host.id }, signal };
  const json = asObject(await readJson(await change(client, call)), "the answer");
  return { ...deployIn(json.result), json };
}

/** Stops and removes its containers. @param options.force also if others depend on it */
export async function stopStack(
  client: YardClient,
  name: string,
  { host, signal, force }: ChangeOptions & { readonly force: boolean },
): Promise<void> {
  await discard(await change(client, { path: `${stackPath(name)}/stop`, query: { host: host.id, force }, signal }));
}

export interface Scaled {
  readonly json: JsonObject;
  /** Containers that run. */
  readonly before: number;
  readonly now: number;
}

/** @param options.force also of what keeps data */
export async function scaleService(
  client: YardClient,
  name: string,
  { service, replicas }: { readonly service: string; readonly replicas: number },
  { host, signal, force }: ChangeOptions & { readonly force: boolean },
): Promise<Scaled> {
  const path = `${stackPath(name)}/services/${encodeURIComponent(service)}/scale`;
  const call = { path, query: { host: host.id }, json: { replicas, force }, signal };
  const json = asObject(await readJson(await change(client, call)), "the answer");
  return { json, before: numberField(json, "previous"), now: numberField(json, "current") };
}

/** It takes as long as the engine takes. That a container does not come up is told with a status that is otherwise the server's own fault. */
async function change(client: YardClient, call: Omit<YardRequest, "method">): Promise<IncomingMessage> {
  const request = { method: "POST", ...call, timeoutMs: Number.POSITIVE_INFINITY, accept: [500] } as const;
  const response = await client.request(request);
  if (response.statusCode !== 500) return response;
  throw new YardError("precondition", await reasonIn(response));
}

export interface PlannedContainer {
  readonly service: string;
  readonly name: string;
  readonly action: string;
  readonly because?: string;
}

export interface StackPlan {
  readonly json: JsonObject;
  /** There is nothing to do. */
  readonly isSettled: boolean;
  readonly environment?: string;
  /** Stacks that would be deployed first. */
  readonly dependencies: readonly string[];
  /** Images that would be fetched. */
  readonly pulls: readonly string[];
  /** That would be made. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly containers: readonly PlannedContainer[];
}

export async function planStack(
  client: YardClient,
  name: string,
  { host, environment }: { readonly host: FleetHost; readonly environment?: string },
): Promise<StackPlan> {
  const call = { path: `${stackPath(name)}/plan`, query: { host: host.id, environment } };
  const json = asObject(await readJson(await client.request({ method: "GET", ...call })), "the plan");
  const made = (field: string) =>
    objectsIn(json, field).flatMap((one) => (one.created === true ? [textField(one, "name")] : []));
  return {
    ...{ json, isSettled: json.settled === true, environment: optionalTextField(json, "environment") },
    ...{ dependencies: textsIn(json, "dependencies"), pulls: textsIn(json, "pulls") },
    ...{ networks: made("networks"), volumes: made("volumes") },
    containers: objectsIn(json, "containers").map((one) => ({
      ...{ service: textField(one, "service"), name: textField(one, "name") },
      ...{ action: textField(one, "action"), because: optionalTextField(one, "because") },
    })),
  };
}

export interface DeploymentSeen {
  readonly json: JsonObject;
  readonly id: number;
  readonly at: Date;
  readonly by?: string;
  readonly note?: string;
  readonly images: readonly string[];
}

/** Those that went well, newest first. */
export async function listDeployments(client: YardClient, name: string, limit?: number): Promise<DeploymentSeen[]> {
  const reply = await client.request({ method: "GET", path: deploymentsPath(name), query: { limit } });
  const deployments = await readJson(reply);
  if (!Array.isArray(deployments)) throw new TypeError("the list of deployments is no array");
  return deployments.map((value) => {
    const json = asObject(value, "a deployment");
    return {
      ...{ json, id: numberField(json, "id"), at: new Date(textField(json, "deployed_at")) },
      ...{ by: optionalTextField(json, "deployed_by_name"), note: optionalTextField(json, "note") },
      images: objectsIn(json, "services").map((service) => textField(service, "image")),
    };
  });
}

export interface DeploymentLog {
  readonly json: JsonObject;
  readonly id: number;
  /** `running`, `done` or `failed`. */
  readonly state: string;
  readonly error?: string;
  readonly steps: readonly { readonly at: Date; readonly text: string }[];
}

/** Of any deployment, also one that is under way, or has failed. */
export async function readDeploymentLog(
  client: YardClient,
  name: string,
  id: number | "latest",
): Promise<DeploymentLog> {
  const reply = await client.request({ method: "GET", path: `${deploymentsPath(name)}/${id}/log` });
  const json = asObject(await readJson(reply), "the log");
  return {
    ...{ json, id: numberField(json, "deployment_id"), state: textField(json, "state") },
    error: optionalTextField(json, "error"),
    steps: objectsIn(json, "steps").map((one) => ({
      at: new Date(textField(one, "time")),
      text: textField(one, "text"),
    })),
  };
}

/** All that a stack needs, directly or not. */
export async function prerequisitesOf(client: YardClient, name: string): Promise<ReadonlySet<string>> {
  const found = new Set([name]);
  for (const one of found) {
    const reply = await client.request({ method: "GET", path: `${stackPath(one)}/dependencies` });
    for (const needed of textsIn(asObject(await readJson(reply), "the answer"), "depends_on")) found.add(needed);
  }
  found.delete(name);
  return found;
}

const deploymentsPath = (name: string): string => `${stackPath(name)}/deployments`;

function deployIn(value: unknown): DeploySeen {
  const json = asObject(value, "the answer");
  return {
    json,
    services: objectsIn(json, "services").map((one) => ({
      name: textField(one, "name"),
      image: textField(one, "image"),
    })),
    dependencies: json.dependencies_deployed === undefined ? [] : textsIn(json, "dependencies_deployed"),
  };
}

function objectsIn(json: JsonObject, field: string): JsonObject[] {
  const list = json[field] ?? [];
  if (!Array.isArray(list)) throw new TypeError(`"${field}" is no array`);
  return list.map((one) => asObject(one, "an entry"));
}
