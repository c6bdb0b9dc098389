/** The calls behind `runyard js`: what mcp-v8's API does with executions, the single runs of a script. */
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

/** What is run, and from where it goes on. */
export interface ScriptSubmission {
  /** JavaScript or TypeScript. */
  readonly source: string;
  /** Id of the saved memory to resume; without it, and with a session, what the session's last run left. */
  readonly heap?: string;
  readonly session?: string;
  /** A label, or the id of a snapshot: its files are there as `fs`. */
  readonly fs?: string;
  readonly memoryMb?: number;
  readonly timeoutSeconds?: number;
  /** Of the memory that it leaves. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What the command line reads of an execution; `json` is all of it, as the yard sent it. */
export interface ExecutionSeen {
  readonly json: JsonObject;
  readonly id: string;
  /** `running`, also while it waits for its turn; `completed`, `failed`, `timed_out`, `cancelled`. */
  readonly status: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  /** JSON of its final value, if it completed and had one. */
  readonly result?: string;
  /** What JSON cannot express of its final value, each as path and kind. */
  readonly lost: readonly string[];
  /** Ids of the memory and of the files that it left. */
  readonly heap?: string;
  readonly fs?: string;
  readonly error?: string;
}

/** Resolves with the id of the execution: it runs by itself from then on. */
export async function submitScript(client: YardClient, script: ScriptSubmission): Promise<string> {
  const response = await client.request({
    method: "POST",
    path: "/api/exec",
    json: {
      code: script.source,
      ...{ heap: script.heap, session: script.session, fs: script.fs, tags: script.tags },
      ...{ heap_memory_max_mb: script.memoryMb, execution_timeout_secs: script.timeoutSeconds },
    },
  });
  return textField(asObject(await readJson(response), "the answer"), "execution_id");
}

/** Those that the yard keeps, the newest first. */
export async function listExecutions(client: YardClient): Promise<ExecutionSeen[]> {
  const response = await client.request({ method: "GET", path: "/api/executions" });
  const { executions } = asObject(await readJson(response), "the list of executions");
  if (!Array.isArray(executions)) throw new TypeError("the list of executions is no array");
  return executions
    .map((entry) => seenIn(asObject(entry, "an execution")))
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
}

/** @returns undefined when there is none of that id */
export async function findExecution(
  client: YardClient,
  id: string,
  options: { signal?: AbortSignal } = {},
): Promise<ExecutionSeen | undefined> {
  const request = { method: "GET", path: executionPath(id), accept: [404], signal: options.signal } as const;
  const response = await client.request(request);
  const body = await readJson(response);
  return response.statusCode === 404 ? undefined : seenIn(asObject(body, "the execution"));
}

/** @throws {YardError} not_found */
export async function getExecution(
  client: YardClient,
  id: string,
  options: { signal?: AbortSignal } = {},
): Promise<ExecutionSeen> {
  const found = await findExecution(client, id, options);
  if (!found) throw noSuchExecution(id);
  return found;
}

/** Ends it for good, wherever it is. @throws {YardError} not_found; precondition: it has ended already */
export async function cancelExecution(client: YardClient, id: string): Promise<void> {
  const path = `${executionPath(id)}/cancel`;
  const response = await client.request({ method: "POST", path, accept: [400, 404] });
  await discard(response);
  if (response.statusCode === 200) return;
  const { status } = await getExecution(client, id);
  throw new YardError("precondition", `the execution ${inert(id)} is not running: it is ${inert(status)}`);
}

export interface ExecutionOutput {
  readonly json: JsonObject;
  /** Bytes that are no UTF-8 come as U+FFFD. */
  readonly text: string;
  /** Where the next page begins, in bytes. */
  readonly next: number;
  /** Of what was printed when this page was read. */
  readonly hasMore: boolean;
  /** Of the execution. Once that is not `running`, nothing more is printed. */
  readonly status: string;
}

const pageBytes = 256 * 1024;

/** A page of what the execution has printed. @param options.position in bytes @throws {YardError} not_found */
export async function readExecutionOutput(
  client: YardClient,
  id: string,
  { position, signal }: { position: number; signal?: AbortSignal },
): Promise<ExecutionOutput> {
  const response = await client.request({
    method: "GET",
    path: `${executionPath(id)}/output`,
    query: { byte_offset: position, byte_limit: pageBytes },
    accept: [404],
    signal,
  });
  const json = asObject(await readJson(response), "the output");
  if (response.statusCode === 404) throw noSuchExecution(id);
  return {
    json,
    text: textField(json, "data"),
    next: numberField(json, "next_byte_offset"),
    hasMore: json.has_more === true,
    status: textField(json, "status"),
  };
}

function executionPath(id: string): string {
  return `/api/executions/${encodeURIComponent(id)}`;
}

function noSuchExecution(id: string): YardError {
  return new YardError("not_found", `there is no execution ${inert(id)}. See which there are: runyard js ls`);
}

function seenIn(json: JsonObject): ExecutionSeen {
  const set = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  const endedAt = optionalTextField(set, "completed_at");
  return {
    json,
    id: textField(set, "execution_id"),
    status: textField(set, "status"),
    startedAt: timeOf(textField(set, "started_at")),
    endedAt: endedAt === undefined ? undefined : timeOf(endedAt),
    result: optionalTextField(set, "result") || undefined, // an empty one is none
    lost: Array.isArray(set.result_lost) ? set.result_lost.map(String) : [],
    heap: optionalTextField(set, "heap"),
    fs: optionalTextField(set, "fs"),
    error: optionalTextField(set, "error"),
  };
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new TypeError(`"${inert(text)}" is no time`);
  return time;
}
