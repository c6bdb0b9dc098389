/** The calls behind `runyard fs`: what mcp-v8's API does with snapshots, the immutable file trees of scripts, and with labels, their names. */
import { isYardError, YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

export interface Label {
  readonly name: string;
  /** The snapshot that it names. */
  readonly head: string;
}

/** By name. */
export async function listLabels(client: YardClient): Promise<Label[]> {
  const { labels } = await callJson(client, { method: "GET", path: "/api/fs/labels" });
  return listOf(labels, "the labels").map((label) => ({
    name: textField(label, "name"),
    head: textField(label, "ca_id"),
  }));
}

/** The snapshot that the label names. @throws {YardError} not_found */
export async function getHead(client: YardClient, label: string): Promise<string> {
  const head = await findHead(client, label);
  if (head === undefined) throw noSuchLabel(label);
  return head;
}

/** Undefined: there is no such label. */
export async function findHead(client: YardClient, label: string): Promise<string | undefined> {
  const response = await client.request({ method: "GET", path: labelPath(label), accept: [404] });
  if (response.statusCode !== 404) return textField(asObject(await readJson(response), "the label"), "ca_id");
  await discard(response);
  return undefined;
}

export function noSuchLabel(label: string): YardError {
  return new YardError("not_found", `there is no label ${inert(label)}. See which there are: runyard fs labels`);
}

/** 64 hexadecimal digits are an id, whatever else they might be the name of. */
export function isSnapshotId(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}

/** What an id, or else a label, stands for. @throws {YardError} not_found */
export async function resolveSnapshot(client: YardClient, name: string): Promise<string> {
  return isSnapshotId(name) ? name.toLowerCase() : getHead(client, name);
}

/** A label was moved. */
export interface Move {
  readonly json: JsonObject;
  readonly at: Date;
  /** Undefined: it was made then. */
  readonly from?: string;
  readonly to: string;
  /** `create`, `push` or `reset`. */
  readonly operation: string;
  readonly message?: string;
}

/** The newest `limit` moves of a label, or all; the oldest of them first. Of a label that does not exist there are none. */
export async function readLog(client: YardClient, label: string, limit?: number): Promise<Move[]> {
  const path = `${labelPath(label)}/log`;
  const { log } = await callJson(client, { method: "GET", path, query: { limit } });
  return listOf(log, "the log").map((json) => ({
    json,
    at: new Date(numberField(json, "at")),
    from: json.from === null ? undefined : optionalTextField(json, "from"),
    to: textField(json, "to"),
    operation: textField(json, "op"),
    message: optionalTextField(json, "message"),
  }));
}

export interface Push {
  readonly snapshot: string;
  /** Where the label was when it was looked at; without it, it must be new. */
  readonly expected?: string;
  /** Move it wherever it is. */
  readonly force?: boolean;
  readonly message?: string;
}

export type Pushed =
  | { readonly status: "advanced"; readonly json: JsonObject }
  /** The label is not where it was expected: it is at `current`, or does not exist. */
  | { readonly status: "rejected"; readonly json: JsonObject; readonly current?: string };

export async function pushLabel(client: YardClient, label: string, push: Push): Promise<Pushed> {
  const { snapshot, expected, force, message } = push;
  const response = await client.request({
    method: "POST",
    path: "/api/fs/push",
    json: { label, ca_id: snapshot, expected, force, message },
    accept: [409],
  });
  const json = asObject(await readJson(response), "the answer");
  if (response.statusCode !== 409) return { status: "advanced", json };
  return { status: "rejected", json, current: json.current === null ? undefined : optionalTextField(json, "current") };
}

/** Points the label to where it has been before; with `unlogged`, anywhere. @throws {YardError} precondition: it has never been there */
export async function resetLabel(
  client: YardClient,
  label: string,
  { snapshot, unlogged, message }: { snapshot: string; unlogged?: boolean; message?: string },
): Promise<JsonObject> {
  const json = { label, ca_id: snapshot, allow_unlogged: unlogged, message };
  try {
    return await callJson(client, { method: "POST", path: "/api/fs/reset", json });
  } catch (error) {
    if (!isYardError(error, "invalid") || !error.message.includes("not in the reflog")) throw error;
    const advice = `See where it was (runyard fs log ${inert(label)}), or go there all the same with --unlogged.`;
    throw new YardError("precondition", `${inert(label)} has never been at ${snapshot}. ${advice}`, { cause: error });
  }
}

export interface MergeRequest {
  /** What both sides come from; without it, whatever is on one side only was added there. */
  readonly base?: string;
  readonly ours: string;
  readonly theirs: string;
  /** Whose file to take, where both have changed it. */
  readonly prefer?: "ours" | "theirs";
}

export interface Conflict {
  readonly path: string;
  /** `text`, `binary`, `sqlite` or `modify/delete`. */
  readonly kind: string;
  /** Of text: the file with both versions between conflict markers. */
  readonly markers?: string;
}

export type Merge =
  | { readonly status: "merged"; readonly json: JsonObject; readonly snapshot: string }
  | { readonly status: "conflict"; readonly json: JsonObject; readonly conflicts: readonly Conflict[] };

export async function mergeSnapshots(client: YardClient, merge: MergeRequest): Promise<Merge> {
  const json = await callJson(client, { method: "POST", path: "/api/fs/merge", json: merge });
  if (json.status === "merged") return { status: "merged", json, snapshot: textField(json, "ca_id") };
  const conflicts = listOf(json.conflicts, "the conflicts").map((conflict) => ({
    path: textField(conflict, "path"),
    kind: textField(conflict, "kind"),
    markers: optionalTextField(conflict, "markers"),
  }));
  return { status: "conflict", json, conflicts };
}

function labelPath(label: string): string {
  return `/api/fs/labels/${encodeURIComponent(label)}`;
}

async function callJson(client: YardClient, request: Parameters<YardClient["request"]>[0]): Promise<JsonObject> {
  return asObject(await readJson(await client.request(request)), "the answer");
}

function listOf(value: unknown, what: string): JsonObject[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} are no array`);
  return value.map((entry) => asObject(entry, `an entry of ${what}`));
}
