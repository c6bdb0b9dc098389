/** Two groups that know nothing of each other: what is not one's own is refused on every operation on tasks, workers and files, and changes nothing. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type MitosisYard, newTask, openMitosis, type Person, readings, startWorker } from "./support/mitosis.ts";

let mitosis: MitosisYard;
/** Of `crew`. */
let task: string;
let worker: string;

before(async () => {
  mitosis = await openMitosis();
  task = (await mitosis.as<{ uuid: string }>("ada", "POST", "/tasks", newTask())).uuid;
  worker = (await startWorker(mitosis, "ada", { tags: ["kept-idle"], groups: ["crew:Admin"] })).uuid;
  for (const [path, body] of [
    ["/groups/crew/attachments", { key: "secret", content_length: 6 }],
    [`/tasks/${task}/artifacts`, { content_type: "result", content_length: 6 }],
  ] as const) {
    const { url } = await mitosis.as<{ url: string }>("ada", "POST", path, body);
    assert.ok((await fetch(url, { method: "PUT", body: "secret" })).ok);
  }
});
after(() => mitosis[Symbol.asyncDispose]());

interface Attempt {
  readonly method: string;
  readonly path: () => string;
  readonly body?: () => unknown;
  /** For somebody of another group. */
  readonly outsider: number;
  /** For a member with Read; without it, that is enough. */
  readonly reader?: number;
}

const group_name = "crew";
const artifact = { content_type: "result" };
const attempts: readonly Attempt[] = [
  { method: "POST", path: () => "/tasks", body: () => newTask(), outsider: 403, reader: 403 },
  { method: "POST", path: () => "/tasks/query", body: () => ({ group_name }), outsider: 400 },
  { method: "POST", path: () => "/tasks/query", body: () => ({ group_name, count: true }), outsider: 400 },
  { method: "GET", path: () => `/tasks/${task}`, outsider: 403 },
  { method: "PUT", path: () => `/tasks/${task}`, body: () => ({ priority: 9 }), outsider: 400, reader: 403 },
  { method: "PUT", path: () => `/tasks/${task}/labels`, body: () => ({ labels: ["x"] }), outsider: 400, reader: 403 },
  { method: "DELETE", path: () => `/tasks/${task}`, outsider: 400, reader: 403 },
  { method: "POST", path: () => "/tasks/cancel", body: () => ({ group_name }), outsider: 400, reader: 403 },
  {
    ...{ method: "POST", path: () => `/tasks/${task}/artifacts`, outsider: 403, reader: 403 },
    body: () => ({ ...artifact, content_length: 1 }),
  },
  { method: "GET", path: () => `/tasks/${task}/download/artifacts/result`, outsider: 403 },
  { method: "DELETE", path: () => `/tasks/${task}/artifacts/result`, outsider: 403, reader: 403 },
  { method: "DELETE", path: () => `/admin/tasks/${task}/artifacts/result`, outsider: 403, reader: 403 },
  {
    ...{ method: "POST", path: () => "/tasks/download/artifacts", outsider: 400 },
    body: () => ({ group_name, ...artifact }),
  },
  {
    ...{ method: "POST", path: () => "/tasks/delete/artifacts", outsider: 400, reader: 403 },
    body: () => ({ group_name, ...artifact }),
  },
  {
    ...{ method: "POST", path: () => "/groups/crew/attachments", outsider: 403, reader: 403 },
    body: () => ({ key: "secret", content_length: 1 }),
  },
  { method: "POST", path: () => "/groups/crew/attachments/query", body: () => ({}), outsider: 400 },
  { method: "GET", path: () => "/groups/crew/attachments/secret", outsider: 403 },
  { method: "DELETE", path: () => "/groups/crew/attachments/secret", outsider: 403, reader: 403 },
  { method: "DELETE", path: () => "/admin/groups/crew/attachments/secret", outsider: 403, reader: 403 },
  { method: "GET", path: () => "/groups/crew/download/attachments/secret", outsider: 403 },
  { method: "POST", path: () => "/groups/crew/download/attachments", body: () => ({}), outsider: 400 },
  {
    ...{ method: "POST", path: () => "/groups/crew/download/attachments/list", outsider: 400 },
    body: () => ({ keys: ["secret"] }),
  },
  { method: "POST", path: () => "/groups/crew/delete/attachments", body: () => ({}), outsider: 400, reader: 403 },
  {
    ...{ method: "POST", path: () => "/groups/crew/delete/attachments/list", outsider: 400, reader: 403 },
    body: () => ({ keys: ["secret"] }),
  },
  { method: "POST", path: () => "/workers/query", body: () => ({ group_name }), outsider: 403 },
  { method: "GET", path: () => `/workers/${worker}`, outsider: 403 },
  { method: "PUT", path: () => `/workers/${worker}/tags`, body: () => ({ tags: ["x"] }), outsider: 403, reader: 403 },
  {
    method: "PUT",
    path: () => `/workers/${worker}/labels`,
    body: () => ({ labels: ["x"] }),
    outsider: 403,
    reader: 403,
  },
  {
    ...{ method: "PUT", path: () => `/workers/${worker}/groups`, outsider: 403, reader: 403 },
    body: () => ({ relations: { eve: "Admin" } }),
  },
  { method: "DELETE", path: () => `/workers/${worker}/groups?groups=crew`, outsider: 403, reader: 403 },
  {
    ...{ method: "DELETE", path: () => `/workers/${worker}/groups/remove`, outsider: 403, reader: 403 },
    body: () => ({ groups: ["crew"] }),
  },
  { method: "DELETE", path: () => `/workers/${worker}?op=force`, outsider: 403, reader: 403 },
  { method: "DELETE", path: () => `/admin/workers/${worker}?op=force`, outsider: 403, reader: 403 },
  {
    ...{ method: "POST", path: () => "/workers/shutdown", outsider: 403, reader: 403 },
    body: () => ({ group_name, op: "Force" }),
  },
];

/** All that an attempt could have changed. */
async function everything(): Promise<unknown> {
  return {
    tasks: await mitosis.as("ada", "POST", "/tasks/query", { group_name }),
    task: await mitosis.as("ada", "GET", `/tasks/${task}`),
    attachments: await mitosis.as("ada", "POST", "/groups/crew/attachments/query", {}),
    worker: await mitosis.as("ada", "GET", `/workers/${worker}`),
  };
}

for (const { method, path, body, outsider, reader } of attempts)
  test(`${method} ${path().replaceAll("undefined", "{uuid}")} is refused to others, and changes nothing`, async () => {
    const before = await everything();
    const refused: readonly (readonly [Person, number | undefined])[] = [
      ["eve", outsider],
      ["cyd", reader],
    ];
    for (const [person, status] of refused) {
      if (status === undefined) continue;
      for (const reading of readings) {
        const given = body?.() as Record<string, unknown> | undefined;
        const sent = person === "cyd" && given?.relations ? { relations: { cyd: "Read" } } : given;
        const reply = await mitosis.ask(method, path(), { reading, token: mitosis.tokens[person], body: sent });
        assert.equal(reply.status, status, `${person}: ${reply.text}`);
        assert.ok(!reply.text.includes("secret"), reply.text);
      }
    }
    assert.deepEqual(await everything(), before);
  });

test("lists hold what is one's own, and tell the rest as failed or not at all", async () => {
  const before = await everything();
  const uuids = [task];
  for (const [path, body, expected] of [
    ["/tasks/cancel/list", { uuids }, { cancelled_count: 0, failed_uuids: uuids }],
    ["/tasks/download/artifacts/list", { uuids, ...artifact }, { downloads: [] }],
    ["/tasks/delete/artifacts/list", { uuids, ...artifact }, { deleted_count: 0, failed_uuids: uuids }],
    ["/workers/shutdown/list", { uuids: [worker], op: "Force" }, { shutdown_count: 0, failed_uuids: [worker] }],
  ] as const)
    assert.deepEqual(await mitosis.as("eve", "POST", path, body), expected, path);
  const { results } = await mitosis.as<{ results: { Err?: unknown }[] }>("eve", "POST", "/tasks/submit", {
    tasks: [newTask(), newTask({ group_name: "others" })],
  });
  assert.deepEqual(
    results.map(({ Err }) => Err !== undefined),
    [true, false],
  );
  assert.deepEqual(await everything(), before);
});

test("a group that there is not is told apart only where the operation says so", async () => {
  const token = mitosis.tokens.eve;
  for (const [method, path, body, status] of [
    ["POST", "/tasks", newTask({ group_name: "none" }), 404],
    ["POST", "/tasks/query", { group_name: "none" }, 400],
    ["POST", "/groups/none/attachments", { key: "k", content_length: 1 }, 404],
    ["GET", "/groups/none/attachments/k", undefined, 404],
    ["POST", "/groups/none/attachments/query", {}, 400],
    ["POST", "/groups/none/delete/attachments", {}, 400],
    ["POST", "/workers/query", { group_name: "none" }, 403],
    ["POST", "/workers/shutdown", { group_name: "none", op: "Force" }, 403],
  ] as const)
    assert.equal((await mitosis.ask(method, path, { token, body })).status, status, path);
});

test("tokens of users are not good for workers' operations, nor the other way round", async () => {
  const { token } = await startWorker(mitosis, "ada");
  for (const [method, path] of [
    ["GET", "/workers/tasks"],
    ["POST", "/workers/tasks"],
    ["POST", "/workers/heartbeat"],
    ["DELETE", "/workers"],
    ["GET", `/workers/tasks/${task}`],
    ["GET", `/workers/tasks/${task}/artifacts/result`],
    ["GET", `/workers/tasks/${task}/attachments/secret`],
  ] as const)
    assert.equal((await mitosis.ask(method, path, { token: mitosis.tokens.ada })).status, 401, path);
  for (const { method, path, body } of attempts)
    assert.equal((await mitosis.ask(method, path(), { token, body: body?.() })).status, 401, path());
});
