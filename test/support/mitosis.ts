/** A yard with two groups that know nothing of each other, and Mitosis' requests as its own programs and others send them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type AnyBody, askMitosis, type MitosisReply, type MitosisRequest } from "../../src/apis/mitosis/testing.ts";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";
import { adminPassword } from "./yard-process.ts";

export const readings = ["client", "document"] as const;

/** `ada` is Admin, `ben` has Write and `cyd` Read in the group `crew`; `eve` is Admin of `others`, and in nothing else. */
export type Person = "admin" | "ada" | "ben" | "cyd" | "eve";

export interface MitosisYard extends AsyncDisposable {
  readonly yard: OpenedYard["yard"];
  readonly url: string;
  readonly data: string;
  readonly tokens: Readonly<Record<Person, string>>;
  ask<Body = AnyBody>(method: string, path: string, request?: MitosisRequest): Promise<MitosisReply<Body>>;
  /** As a person, and the status must be 200. */
  as<Body = AnyBody>(person: Person, method: string, path: string, body?: unknown): Promise<Body>;
}

export async function openMitosis(flags: Readonly<Record<string, string>> = {}): Promise<MitosisYard> {
  await using opened = new AsyncDisposableStack();
  const { yard, url, data } = opened.use(await openTestYard(flags));
  const ask = <Body = AnyBody>(method: string, path: string, request?: MitosisRequest) =>
    askMitosis<Body>(url, method, path, request);

  async function logIn(username: string, password: string): Promise<string> {
    const reply = await ask("POST", "/login", { body: { username, md5_password: md5(password), retain: true } });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.token;
  }

  const admin = await logIn("admin", adminPassword);
  const tokens = { admin, ada: "", ben: "", cyd: "", eve: "" };

  async function as<Body = AnyBody>(person: Person, method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await ask<Body>(method, path, { token: tokens[person], body });
    assert.equal(reply.status, 200, `${person}: ${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  for (const username of ["ada", "ben", "cyd", "eve"] as const) {
    const password = `password of ${username}`;
    await as("admin", "POST", "/admin/users", { username, md5_password: md5(password), admin: false });
    tokens[username] = await logIn(username, password);
  }
  await as("ada", "POST", "/groups", { group_name: "crew" });
  await as("ada", "PUT", "/groups/crew/users", { relations: { ben: "Write", cyd: "Read" } });
  await as("eve", "POST", "/groups", { group_name: "others" });

  const lifetime = opened.move();
  return { yard, url, data, tokens, ask, as, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

function md5(text: string): number[] {
  return [...createHash("md5").update(text).digest()];
}

/** A task of `crew` as a real client submits it. No worker of a test takes it, unless the test says so by its tags. */
export function newTask(fields: Readonly<Record<string, unknown>> = {}) {
  return {
    ...{ group_name: "crew", tags: ["waits"], labels: [] as string[], timeout: "10m", priority: 0 },
    task_spec: { args: ["true"] },
    ...fields,
  };
}

export interface ScriptedWorker {
  readonly uuid: string;
  readonly token: string;
  /** One request of the worker's, as the Rust worker sends it. */
  call<Body = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<MitosisReply<Body>>;
  /** Its next task; undefined where the server says that there is none. */
  fetch(): Promise<FetchedTask | undefined>;
  /** Must be taken. @returns the URL for an upload */
  report(id: number, op: unknown): Promise<string | null>;
}

export interface FetchedTask {
  readonly id: number;
  readonly uuid: string;
  readonly timeout: string;
  readonly upstream_task_uuid: string | null;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Registered by `person`, as a Rust worker does it when it starts. */
export async function startWorker(
  mitosis: MitosisYard,
  person: Person,
  options: Readonly<Record<string, unknown>> = {},
): Promise<ScriptedWorker> {
  const { worker_id: uuid, token } = await mitosis.as<{ worker_id: string; token: string }>(
    person,
    "POST",
    "/workers",
    {
      ...{ tags: [], labels: [], groups: ["crew"], lifetime: null },
      ...options,
    },
  );
  const call: ScriptedWorker["call"] = (method, path, body, headers) =>
    mitosis.ask(method, path, { token, body, headers });
  return {
    ...{ uuid, token, call },
    async fetch() {
      const reply = await call<FetchedTask | null>("GET", "/workers/tasks");
      assert.equal(reply.status, 200, reply.text);
      return reply.json ?? undefined;
    },
    async report(id, op) {
      const reply = await call<{ url: string | null }>("POST", "/workers/tasks", { id, op });
      assert.equal(reply.status, 200, reply.text);
      return reply.json.url;
    },
  };
}
