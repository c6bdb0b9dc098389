/** The calls behind `runyard app`: what App Mesh's API does with applications. */
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, type JsonObject, numberField, optionalNumberField, optionalTextField, textField } from "./json.ts";

/** What the command line reads of an application; `json` is all of it, as the yard sent it. */
export interface AppSeen {
  readonly json: JsonObject;
  readonly name: string;
  readonly enabled: boolean;
  /** Made by a run, gone with it. */
  readonly temporary: boolean;
  /** While it runs. */
  readonly pid?: number;
  readonly healthy?: boolean;
  /** Percent; 100 is one core. */
  readonly cpuPercent?: number;
  readonly memoryBytes?: number;
  readonly starts: number;
  /** How its last process ended. */
  readonly exitCode?: number;
  readonly startedAt?: Date;
  readonly exitedAt?: Date;
  /** In the past for an app that has no start to come. */
  readonly nextStartAt?: Date;
  readonly lastError?: string;
}

export async function listApps(client: YardClient): Promise<AppSeen[]> {
  const list = await readJson(await client.request({ method: "GET", path: "/appmesh/applications" }));
  if (!Array.isArray(list)) throw new TypeError("the list of apps is no array");
  return list.map((entry) => seenIn(asObject(entry, "an app")));
}

/** @returns undefined when there is none of that name */
export async function findApp(
  client: YardClient,
  name: string,
  options: { signal?: AbortSignal } = {},
): Promise<AppSeen | undefined> {
  const response = await client.request({ method: "GET", path: appPath(name), accept: [404], signal: options.signal });
  const body = await readJson(response);
  return response.statusCode === 404 ? undefined : seenIn(asObject(body, `the app ${name}`));
}

/** @throws {YardError} not_found */
export async function getApp(client: YardClient, name: string): Promise<AppSeen> {
  const found = await findApp(client, name);
  if (!found) throw noSuchApp(name);
  return found;
}

/** Adds it, or replaces the one of that name. */
export async function putApp(client: YardClient, name: string, definition: JsonObject): Promise<AppSeen> {
  const response = await client.request({ method: "PUT", path: appPath(name), json: definition });
  return seenIn(asObject(await readJson(response), `the app ${name}`));
}

/** Enabled, it starts; disabled, its process is killed. @throws {YardError} not_found */
export async function setAppEnabled(client: YardClient, name: string, enabled: boolean): Promise<void> {
  const path = `${appPath(name)}/${enabled ? "enable" : "disable"}`;
  const response = await client.request({ method: "POST", path, accept: [404] });
  await discard(response);
  if (response.statusCode === 404) throw noSuchApp(name);
}

/** Ends what runs, and deletes the app and its output. @returns false if it was gone already */
export async function removeApp(client: YardClient, name: string): Promise<boolean> {
  const request = { method: "DELETE", path: appPath(name), accept: [404], timeoutMs: 10_000 } as const;
  const response = await client.request(request);
  await discard(response);
  return response.statusCode !== 404;
}

export function appPath(name: string): string {
  return `/appmesh/app/${encodeURIComponent(name)}`;
}

export function noSuchApp(name: string): YardError {
  return new YardError("not_found", `there is no app ${inert(name)}. See which there are: runyard app ls`);
}

const temporary = 2;

function seenIn(json: JsonObject): AppSeen {
  const status = numberField(json, "status");
  const health = optionalNumberField(json, "health");
  return {
    json,
    name: textField(json, "name"),
    enabled: status !== 0,
    temporary: status === temporary,
    pid: optionalNumberField(json, "pid"),
    healthy: health === undefined ? undefined : health === 0,
    cpuPercent: optionalNumberField(json, "cpu"),
    memoryBytes: optionalNumberField(json, "memory"),
    starts: optionalNumberField(json, "starts") ?? 0,
    exitCode: optionalNumberField(json, "return_code"),
    startedAt: timeIn(json, "last_start_time"),
    exitedAt: timeIn(json, "last_exit_time"),
    nextStartAt: timeIn(json, "next_start_time"),
    lastError: optionalTextField(json, "last_error"),
  };
}

function timeIn(json: JsonObject, name: string): Date | undefined {
  const seconds = optionalNumberField(json, name);
  return seconds === undefined ? undefined : new Date(seconds * 1_000);
}
