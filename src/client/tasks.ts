/** The calls behind `runyard task`: what Mitosis' API does with tasks, the queued commands that workers run. */
import { discard, readBytes, readJson, readText, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, parseObject, textField } from "./json.ts";

/** A file that is there when the command starts. */
export interface TaskResource {
  /** Below the directory that `MITO_RESOURCE_DIR` names. */
  readonly path: string;
  readonly from:
    | { readonly kind: "attachment"; readonly key: string }
    | { readonly kind: "artifact"; readonly task: string; readonly type: string };
}

export interface NewTask {
  readonly group: string;
  readonly argv: readonly string[];
  /** A worker must have all of them. */
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** As the API writes durations: `10m`, `1h 30min`. */
  readonly timeout: string;
  /** The larger goes first. */
  readonly priority: number;
  readonly env: Readonly<Record<string, string>>;
  readonly resources: readonly TaskResource[];
  /** Keep what it prints. */
  readonly capture: boolean;
  /** Starts when that task has come so far. */
  readonly watch?: { readonly task: string; readonly state: string };
}

export const taskStates = ["pending", "ready", "running", "finished", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

/** What the command line reads of a task; `json` is all of it, as the yard sent it. */
export interface TaskSeen {
  readonly json: JsonObject;
  readonly uuid: string;
  readonly group: string;
  readonly creator: string;
  /** One of `taskStates`. */
  readonly state: string;
  readonly argv: readonly string[];
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Of one that is over: its exit code, 128 and more for a death by a signal, and why it was ended if it was. */
  readonly result?: { readonly exitCode: number; readonly reason?: string };
}

/** The group that is meant where none is named: the user's own. */
export async function ownGroup(client: YardClient): Promise<string> {
  return (await readText(await client.request({ method: "GET", path: "/auth" }))).trim();
}

/** @param options.key repeated with the same one, within a day, nothing more is submitted. @returns the task's UUID */
export async function submitTask(
  client: YardClient,
  task: NewTask,
  { key, signal }: { key: string; signal?: AbortSignal },
): Promise<string> {
  const headers = { "idempotency-key": key };
  const json = taskToWire(task);
  const response = await client.request({ method: "POST", path: "/tasks", headers, json, signal });
  return textField(asObject(await readJson(response), "the answer"), "uuid");
}

function taskToWire(task: NewTask): JsonObject {
  const { group, argv, tags, labels, timeout, priority, env, resources, capture, watch } = task;
  return {
    ...{ group_name: group, tags, labels, timeout, priority },
    task_spec: {
      ...{ args: argv, envs: env, terminal_output: capture },
      resources: resources.map(resourceToWire),
      watch: watch ? [watch.task, watch.state] : null,
    },
  };
}

function resourceToWire({ path, from }: TaskResource): JsonObject {
  const remote =
    from.kind === "attachment"
      ? { Attachment: { key: from.key } }
      : { Artifact: { uuid: from.task, content_type: from.type } };
  return { remote_file: remote, local_path: path };
}

/** Extra room for the answer to a request that was held. */
const answerMs = 15_000;

export interface TaskAndArtifacts {
  readonly json: JsonObject;
  readonly task: TaskSeen;
  readonly artifacts: readonly { readonly type: string; readonly size: number; readonly updatedAt: Date }[];
}

/** @param options.holdSeconds the answer may come so much later, if the task is over only then
 *  @throws {YardError} not_found; forbidden: it is not of the user's groups */
export async function getTask(
  client: YardClient,
  uuid: string,
  { holdSeconds = 0, signal }: { holdSeconds?: number; signal?: AbortSignal } = {},
): Promise<TaskAndArtifacts> {
  const response = await client.request({
    method: "GET",
    path: taskPath(uuid),
    headers: holdSeconds > 0 ? { prefer: `wait=${holdSeconds}` } : {},
    timeoutMs: holdSeconds * 1_000 + answerMs,
    signal,
  });
  const json = asObject(await readJson(response), "the task");
  if (!Array.isArray(json.artifacts)) throw new TypeError("the artifacts are no array");
  const artifacts = json.artifacts.map((value) => {
    const artifact = asObject(value, "an artifact");
    return {
      type: textField(artifact, "content_type"),
      size: numberField(artifact, "size"),
      updatedAt: timeIn(artifact, "updated_at"),
    };
  });
  return { json, task: seenIn(asObject(json.info, "the task")), artifacts };
}

/** All that is set must hold. */
export interface TaskFilter {
  /** Default: the user's own. */
  readonly group?: string;
  readonly creators?: readonly string[];
  /** It has all of them. */
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  /** It is in one of them. */
  readonly states?: readonly TaskState[];
  /** As `!=0`; of tasks that are over. */
  readonly exitCode?: string;
}

/** Tasks that wait or run before those that are over, in each the oldest first. */
export async function queryTasks(
  client: YardClient,
  filter: TaskFilter,
  { limit, offset = 0, signal }: { limit: number; offset?: number; signal?: AbortSignal },
): Promise<TaskSeen[]> {
  const json = { ...filterToWire(filter), limit, offset };
  const response = await client.request({ method: "POST", path: "/tasks/query", json, signal });
  const { tasks } = parseObject((await readBytes(response, mostListBytes)).toString("utf8"));
  if (!Array.isArray(tasks)) throw new TypeError("the list of tasks is no array");
  return tasks.map((task) => seenIn(asObject(task, "a task")));
}

/** A task has up to 256 KiB, most have less than one. */
const mostListBytes = 256 * 1_024 * 1_024;

export async function countTasks(client: YardClient, filter: TaskFilter, signal?: AbortSignal): Promise<number> {
  const json = { ...filterToWire(filter), count: true };
  const response = await client.request({ method: "POST", path: "/tasks/query", json, signal });
  return numberField(asObject(await readJson(response), "the count"), "count");
}

/** Ends it for good, also while it runs. @throws {YardError} not_found: there is none, or it is over */
export async function cancelTask(client: YardClient, uuid: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: taskPath(uuid) }));
}

/** Those that match and are not over. @returns how many these were */
export async function cancelTasks(client: YardClient, filter: TaskFilter): Promise<number> {
  const json = filterToWire({ ...filter, states: ["pending", "ready", "running"] });
  const response = await client.request({ method: "POST", path: "/tasks/cancel", json, timeoutMs: 600_000 });
  return numberField(asObject(await readJson(response), "the answer"), "cancelled_count");
}

function filterToWire({ group, creators, tags, labels, states, exitCode }: TaskFilter): JsonObject {
  return {
    ...{ group_name: group, creator_usernames: creators, tags, labels, exit_status: exitCode },
    states: states?.map((state) => `${state[0]?.toUpperCase()}${state.slice(1)}`),
  };
}

export function taskPath(uuid: string): string {
  return `/tasks/${encodeURIComponent(uuid)}`;
}

function seenIn(json: JsonObject): TaskSeen {
  return {
    json,
    uuid: textField(json, "uuid"),
    group: textField(json, "group_name"),
    creator: textField(json, "creator_username"),
    state: textField(json, "state").toLowerCase(),
    argv: textsIn(asObject(json.spec, "the spec"), "args"),
    tags: textsIn(json, "tags"),
    labels: textsIn(json, "labels"),
    createdAt: timeIn(json, "created_at"),
    updatedAt: timeIn(json, "updated_at"),
    result: json.result == null ? undefined : resultIn(asObject(json.result, "the result")),
  };
}

function resultIn(result: JsonObject): NonNullable<TaskSeen["result"]> {
  const reason = result.msg === null ? undefined : optionalTextField(result, "msg");
  return { exitCode: numberField(result, "exit_status"), reason };
}

export function textsIn(object: JsonObject, name: string): string[] {
  const value = object[name];
  if (!Array.isArray(value)) throw new TypeError(`"${name}" is no array`);
  return value.map(String);
}

export function timeIn(object: JsonObject, name: string): Date {
  const time = new Date(textField(object, name));
  if (Number.isNaN(time.getTime())) throw new TypeError(`"${name}" is no time`);
  return time;
}
