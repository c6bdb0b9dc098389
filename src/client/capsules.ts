/** The calls behind `runyard capsule`: capsules as a whole. */
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";
import { timeIn } from "./tasks.ts";

/** What the command line reads of a capsule; `json` is all of it, as the yard sent it. */
export interface CapsuleSeen {
  readonly json: JsonObject;
  readonly id: string;
  readonly status: string;
  readonly template: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  /** Seconds without use until it is paused; 0: never. */
  readonly idleSeconds: number;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
  readonly driver?: string;
  readonly pauseKeeps?: string;
  /** Why it is in error, missing or hibernated. */
  readonly reason?: string;
}

export interface CapsuleWanted {
  readonly template?: string;
  readonly vcpus?: number;
  readonly memoryMb?: number;
  readonly idleSeconds?: number;
}

/** A yard gives up on a capsule that is not ready within 30 s. */
const startMs = 60_000;
/** Larger ones take a while to be copied. */
const snapshotMs = 10 * 60_000;
/** All of its disk and memory goes over the network, twice. */
const moveMs = 2 * 3_600_000;

/** Resolves once it runs. */
export async function createCapsule(client: YardClient, wanted: CapsuleWanted): Promise<CapsuleSeen> {
  const { template, vcpus, memoryMb: memory_mb, idleSeconds: timeout_sec } = wanted;
  const json = { template, vcpus, memory_mb, timeout_sec };
  return seenIn(await readJson(await client.request({ method: "POST", path: root, json, timeoutMs: startMs })));
}

/** Newest first, without those that have ended. */
export async function listCapsules(client: YardClient): Promise<CapsuleSeen[]> {
  const capsules = await readJson(await client.request({ method: "GET", path: root }));
  if (!Array.isArray(capsules)) throw new TypeError("the list of capsules is no array");
  return capsules.map(seenIn);
}

/** By its whole id, also one that has ended. @throws {YardError} not_found */
export async function getCapsule(client: YardClient, id: string, signal?: AbortSignal): Promise<CapsuleSeen> {
  return seenIn(await readJson(await client.request({ method: "GET", path: capsulePath(id), signal })));
}

const wholeId = /^cl-[0-9a-z]{25}$/;
/** Fewer characters name a capsule of today and another one tomorrow. */
const leastPart = 4;

/** @param called its id, or a beginning or an end of it that no other one has. Ids begin with their time: those of a day have the same beginning.
 *  @returns the whole id @throws {YardError} not_found, conflict */
export async function findCapsule(client: YardClient, called: string): Promise<string> {
  if (wholeId.test(called)) return called;
  const part = called.replace(/^cl-/, "");
  const fits = ({ id }: CapsuleSeen): boolean =>
    part.length >= leastPart && (id.startsWith(`cl-${part}`) || (part === called && id.endsWith(part)));
  const found = (await listCapsules(client)).filter(fits);
  if (found.length > 1)
    throw new YardError("conflict", `${found.length} capsules are called ${called}: write more of the id.`);
  if (found[0]) return found[0].id;
  throw new YardError(
    "not_found",
    `there is no capsule ${called}. Name it by its id, or by ${leastPart} or more characters of its beginning or end: runyard capsule ls`,
  );
}

export async function pauseCapsule(client: YardClient, id: string): Promise<CapsuleSeen> {
  return move(client, id, "pause");
}

export async function resumeCapsule(client: YardClient, id: string): Promise<CapsuleSeen> {
  return move(client, id, "resume");
}

async function move(client: YardClient, id: string, how: "pause" | "resume"): Promise<CapsuleSeen> {
  const path = `${capsulePath(id)}/${how}`;
  return seenIn(await readJson(await client.request({ method: "POST", path, timeoutMs: startMs })));
}

/** Takes it to another host. @param host its id or name @returns where it is then */
export async function moveCapsule(
  client: YardClient,
  id: string,
  host: string,
): Promise<{ readonly json: JsonObject; readonly host: string }> {
  const path = `/yard/v1/capsules/${encodeURIComponent(id)}/move`;
  const reply = await readJson(await client.request({ method: "POST", path, json: { host }, timeoutMs: moveMs }));
  const json = asObject(reply, "the answer");
  const name = json.hostName === null ? undefined : optionalTextField(json, "hostName");
  return { json, host: name ?? textField(json, "hostId") };
}

/** One that has ended stays so. */
export async function destroyCapsule(client: YardClient, id: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: capsulePath(id), timeoutMs: startMs }));
}

export interface SnapshotMade {
  readonly json: JsonObject;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Makes a template of the capsule's files. @param options.replace the team's template of that name */
export async function snapshotCapsule(
  client: YardClient,
  id: string,
  { name, replace }: { name?: string; replace: boolean },
): Promise<SnapshotMade> {
  const call = { path: "/v1/snapshots", query: { overwrite: replace || undefined }, json: { sandbox_id: id, name } };
  const reply = await readJson(await client.request({ method: "POST", ...call, timeoutMs: snapshotMs }));
  const json = asObject(reply, "the template");
  return { json, name: textField(json, "name"), size: numberField(json, "size_bytes") };
}

const root = "/v1/capsules";

export const capsulePath = (id: string): string => `${root}/${encodeURIComponent(id)}`;

function seenIn(value: unknown): CapsuleSeen {
  const json = asObject(value, "a capsule");
  const more = json.metadata === undefined ? {} : asObject(json.metadata, '"metadata"');
  return {
    json,
    id: textField(json, "id"),
    status: textField(json, "status"),
    template: textField(json, "template"),
    vcpus: numberField(json, "vcpus"),
    memoryMb: numberField(json, "memory_mb"),
    idleSeconds: numberField(json, "timeout_sec"),
    createdAt: timeIn(json, "created_at"),
    lastUsedAt: json.last_active_at === undefined ? undefined : timeIn(json, "last_active_at"),
    driver: optionalTextField(more, "driver"),
    pauseKeeps: optionalTextField(more, "pause_keeps"),
    reason: optionalTextField(more, "reason"),
  };
}
