/** The worker's protocol from registration to leave, as the Rust worker speaks it (no User-Agent), and what is ours beside it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { type FetchedTask, type MitosisYard, newTask, openMitosis, readings, startWorker } from "./support/mitosis.ts";

interface Info {
  readonly state: string;
  readonly reporter_uuid: string | null;
  readonly result: unknown;
  readonly upstream_task_uuid: string | null;
  readonly downstream_task_uuid: string | null;
}

interface Shown {
  readonly info: Info;
  readonly artifacts: readonly { readonly content_type: string; readonly size: number }[];
}

let mitosis: MitosisYard;
before(async () => {
  mitosis = await openMitosis();
});
after(() => mitosis[Symbol.asyncDispose]());

/** Tags that no other test's tasks and workers have. */
let tests = 0;
const ownTags = () => [`own-${++tests}`];
const submit = (tags: readonly string[], fields: object = {}) =>
  mitosis.as<{ uuid: string }>("ben", "POST", "/tasks", newTask({ tags, ...fields }));
const shown = (uuid: string) => mitosis.as<Shown>("cyd", "GET", `/tasks/${uuid}`);

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The next request for that path, as soon as the server has its head: the yard is in this process. */
function nextRequest(path: string): Promise<Arrived> {
  return new Promise((resolve) => {
    subscribe("http.server.request.start", look);
    function look(message: unknown): void {
      const arrived = message as Arrived;
      if (arrived.request.url !== path) return;
      unsubscribe("http.server.request.start", look);
      resolve(arrived);
    }
  });
}

test("a task goes from its submit to its commit in the steps of a real worker", async () => {
  const tags = ownTags();
  const { uuid } = await submit(tags, { timeout: "90s", task_spec: { args: ["true"], terminal_output: true } });
  const worker = await startWorker(mitosis, "ben", { tags: [...tags, "more"] });
  const task = await worker.fetch();
  assert.deepEqual(
    { ...task, id: undefined },
    {
      ...{ id: undefined, uuid, timeout: "1m 30s", upstream_task_uuid: null },
      spec: { args: ["true"], envs: {}, resources: [], terminal_output: true, watch: null },
    },
  );
  assert.ok(task);
  assert.equal((await shown(uuid)).info.state, "Running");
  assert.equal((await worker.call("POST", "/workers/heartbeat")).text, "null");

  assert.equal(await worker.report(task.id, "Finish"), null);
  assert.equal((await shown(uuid)).info.state, "Finished");
  for (const [content_type, content] of [
    ["result", "a result"],
    ["std-log", ""],
  ] as const) {
    const url = await worker.report(task.id, { Upload: { content_type, content_length: content.length } });
    assert.ok(url?.startsWith(mitosis.url), `${url}`);
    assert.ok((await fetch(url ?? "", { method: "PUT", body: content })).ok);
  }
  assert.equal(await worker.report(task.id, { Commit: { exit_status: 0, msg: null } }), null);

  const { info, artifacts } = await shown(uuid);
  assert.deepEqual(
    [info.state, info.reporter_uuid, info.result],
    ["Finished", worker.uuid, { exit_status: 0, msg: null }],
  );
  assert.deepEqual(artifacts.map(({ content_type, size }) => [content_type, size]).sort(), [
    ["result", 8],
    ["std-log", 0],
  ]);
  const again = await worker.call("POST", "/workers/tasks", {
    id: task.id,
    op: { Commit: { exit_status: 0, msg: null } },
  });
  assert.equal(again.status, 404);
  assert.equal((await worker.call("DELETE", "/workers")).text, "null");
  assert.equal((await worker.call("POST", "/workers/heartbeat")).status, 401);
  const done = ["worker.register", "worker.unregister", "task.end"];
  await until(() =>
    done.every((action) =>
      auditLog(mitosis.data).some((entry) => entry.action === action && entry.target === worker.uuid),
    ),
  );
});

test("no task is 200 and null for Mitosis' worker, 204 for others", async () => {
  const { token } = await startWorker(mitosis, "ben", { tags: ownTags(), groups: [] });
  const client = await mitosis.ask("GET", "/workers/tasks", { token });
  assert.deepEqual(
    [client.status, client.text, client.headers["content-type"]],
    [200, "null", "application/json; charset=utf-8"],
  );
  const document = await mitosis.ask("GET", "/workers/tasks", { token, reading: "document" });
  assert.deepEqual([document.status, document.text], [204, ""]);
});

test("Commit before Finish is 400, and Submit too; Cancel may come in the place of Finish", async () => {
  const tags = ownTags();
  const { uuid } = await submit(tags);
  const worker = await startWorker(mitosis, "ben", { tags });
  const { id } = (await worker.fetch()) as FetchedTask;
  for (const op of [{ Commit: { exit_status: 0, msg: null } }, { Submit: newTask() }])
    assert.equal((await worker.call("POST", "/workers/tasks", { id, op })).status, 400);
  await worker.report(id, "Cancel");
  await worker.report(id, "Cancel");
  await worker.report(id, { Commit: { exit_status: 15, msg: "ExecTimeout" } });
  const { state, result } = (await shown(uuid)).info;
  assert.deepEqual([state, result], ["Cancelled", { exit_status: 15, msg: "ExecTimeout" }]);
});

test("a downstream task waits for the commit of the one that submitted it", async () => {
  const tags = ownTags();
  const { uuid } = await submit(tags);
  const worker = await startWorker(mitosis, "ben", { tags });
  const { id } = (await worker.fetch()) as FetchedTask;
  await worker.report(id, "Finish");
  for (const group_name of ["ben", "no-such-group"]) {
    const other = await worker.call("POST", "/workers/tasks", { id, op: { Submit: newTask({ tags, group_name }) } });
    assert.equal(other.status, 400, other.text);
  }
  assert.equal(await worker.report(id, { Submit: newTask({ tags, labels: ["down"] }) }), null);
  const downstream = (await shown(uuid)).info.downstream_task_uuid;
  assert.ok(downstream);
  assert.equal((await shown(downstream)).info.state, "Pending");
  await worker.report(id, { Commit: { exit_status: 0, msg: null } });
  const next = await worker.fetch();
  assert.deepEqual([next?.uuid, next?.upstream_task_uuid], [downstream, uuid]);
});

test("a worker brings artifacts and attachments, and looks at tasks, of the groups that it serves", async () => {
  const tags = ownTags();
  const { uuid } = await submit(tags);
  const worker = await startWorker(mitosis, "ben", { tags });
  const { id } = (await worker.fetch()) as FetchedTask;
  const artifact = await worker.report(id, { Upload: { content_type: "exec-log", content_length: 3 } });
  await fetch(artifact!, { method: "PUT", body: "log" });
  const { url } = await mitosis.as<{ url: string }>("ben", "POST", "/groups/crew/attachments", {
    ...{ key: "data/für worker.txt", content_length: 4 },
  });
  await fetch(url, { method: "PUT", body: "data" });

  for (const [path, content] of [
    [`/workers/tasks/${uuid}/artifacts/ExecLog`, "log"],
    [`/workers/tasks/${uuid}/attachments/data/f%C3%BCr%20worker.txt`, "data"],
  ] as const) {
    const { json } = await worker.call<{ url: string; size: number }>("GET", path);
    assert.equal(json.size, content.length);
    assert.equal(await (await fetch(json.url)).text(), content);
    const led = await mitosis.ask("GET", path, { token: worker.token, reading: "document" });
    assert.equal(led.status, 302);
    assert.equal(await (await fetch(led.headers.location!)).text(), content);
  }
  assert.equal((await worker.call("GET", `/workers/tasks/${uuid}/artifacts/result`)).status, 404);
  assert.equal((await worker.call("GET", `/workers/tasks/${uuid}/attachments/none`)).status, 404);

  const client = await worker.call<Shown>("GET", `/workers/tasks/${uuid}`);
  assert.equal(client.json.info.state, "Running");
  const document = await mitosis.ask("GET", `/workers/tasks/${uuid}`, { token: worker.token, reading: "document" });
  assert.deepEqual([document.json.id, document.json.uuid, document.json.timeout], [id, uuid, "10m"]);

  const stranger = await startWorker(mitosis, "eve", { groups: ["others"] });
  for (const path of ["", "/artifacts/exec-log", "/attachments/data/f%C3%BCr%20worker.txt"])
    assert.equal((await stranger.call("GET", `/workers/tasks/${uuid}${path}`)).status, 404, path);
  assert.equal((await stranger.call("POST", "/workers/tasks", { id, op: "Finish" })).status, 404);
});

test("a worker gets tasks of the groups alone that its user may submit to", async () => {
  const tags = ownTags();
  await submit(tags);
  for (const person of ["eve", "cyd"] as const) {
    const worker = await startWorker(mitosis, person, { tags, groups: ["crew:Admin", "no-such-group", "a:b:c"] });
    assert.equal(await worker.fetch(), undefined);
    assert.deepEqual((await mitosis.as(person, "GET", `/workers/${worker.uuid}`)).groups, { [person]: "Admin" });
  }
});

describe("extensions", () => {
  test("a held fetch is answered when work arrives", async () => {
    const tags = ownTags();
    const worker = await startWorker(mitosis, "ben", { tags });
    const held = worker.call<FetchedTask>("GET", "/workers/tasks", undefined, { prefer: "wait=50" });
    const { uuid } = await submit(tags);
    assert.equal((await held).json.uuid, uuid);
  });

  test("a held fetch whose worker has left takes no task", async () => {
    const tags = ownTags();
    const worker = await startWorker(mitosis, "ben", { tags });
    const leaving = new AbortController();
    const held = nextRequest("/workers/tasks");
    const headers = { authorization: `Bearer ${worker.token}`, prefer: "wait=50" };
    const left = fetch(`${mitosis.url}/workers/tasks`, { headers, signal: leaving.signal }).catch(() => "left");
    const { response } = await held;
    const closed = once(response, "close");
    leaving.abort();
    assert.equal(await left, "left");
    await closed;
    const { uuid } = await submit(tags);
    assert.equal((await worker.fetch())?.uuid, uuid);
  });

  test("many tasks are fetched and reported at once, each report with its own result", async () => {
    const tags = ownTags();
    const uuids = [];
    for (let i = 0; i < 4; i++) uuids.push((await submit(tags)).uuid);
    const worker = await startWorker(mitosis, "ben", { tags });
    const { json } = await worker.call<{ tasks: FetchedTask[] }>("GET", "/workers/tasks?limit=10");
    assert.deepEqual(
      json.tasks.map(({ uuid }) => uuid),
      uuids,
    );
    const [one, two, three, four] = json.tasks.map(({ id }) => id);
    const reports = [
      { id: one, op: { End: { state: "Finished", exit_status: 256, msg: null } } },
      { id: two, op: "Finish" },
      { id: two, op: { Upload: { content_type: "result", content_length: 2 } } },
      { id: two, op: { Commit: { exit_status: 0 } } },
      { id: three, op: { Commit: { exit_status: 0 } } },
      { id: one, op: "Finish" },
      { id: four, op: { End: { state: "Cancelled", exit_status: 9, msg: "ExecTimeout" } } },
      { id: 999_999_999, op: "Finish" },
    ];
    const reply = await worker.call<{ results: { url?: string | null; error?: { status: number; msg: string } }[] }>(
      ...(["POST", "/workers/tasks", { reports }] as const),
    );
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(
      reply.json.results.map(({ url, error }) => error?.status ?? (url === null ? null : "url")),
      [null, null, "url", null, 400, 404, null, 404],
    );
    assert.deepEqual(await Promise.all(uuids.map(async (uuid) => (await shown(uuid)).info.state)), [
      "Finished",
      "Finished",
      "Running",
      "Cancelled",
    ]);
    const empty = await worker.call("GET", "/workers/tasks?limit=10");
    assert.deepEqual([empty.status, empty.json], [200, { tasks: [] }]);
  });

  test("a held heartbeat tells of tasks that the worker has lost, and of its drain", async () => {
    const tags = ownTags();
    const { uuid } = await submit(tags);
    const worker = await startWorker(mitosis, "ben", { tags });
    await worker.fetch();
    const beat = (holds: readonly string[], wait: number) =>
      worker.call("POST", "/workers/heartbeat", { holds }, { prefer: `wait=${wait}` });
    assert.deepEqual((await beat([uuid], 0)).json, { lost: [], draining: false });
    const held = beat([uuid.toUpperCase()], 50);
    await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
    assert.deepEqual((await held).json, { lost: [uuid], draining: false });
    assert.deepEqual((await beat([randomUUID()], 50)).json.draining, false);
  });

  test("a worker says how long it may be silent before it is lost", async () => {
    const tags = ownTags();
    const { uuid } = await submit(tags);
    const worker = await startWorker(mitosis, "ben", { tags, lease: "1s", lifetime: "1h" });
    await worker.fetch();
    await until(async () => (await shown(uuid)).info.state === "Ready");
    assert.equal((await worker.call("POST", "/workers/heartbeat")).status, 401);
  });

  test("the server's stop answers what is held at once", async () => {
    await using other = await openMitosis();
    const worker = await startWorker(other, "ben");
    const { uuid } = await other.as<{ uuid: string }>("ben", "POST", "/tasks", newTask());
    const prefer = { prefer: "wait=60" };
    const arrived = Promise.all(["/workers/tasks", "/workers/heartbeat", `/tasks/${uuid}`].map(nextRequest));
    const held = [
      worker.call("GET", "/workers/tasks", undefined, prefer),
      worker.call("POST", "/workers/heartbeat", { holds: [] }, prefer),
      other.ask("GET", `/tasks/${uuid}`, { token: other.tokens.ben, headers: prefer }),
    ];
    await arrived;
    const startedAt = performance.now();
    const closed = other.yard.http[Symbol.asyncDispose]();
    const replies = await Promise.all(held);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 200],
    );
    await closed;
    assert.ok(performance.now() - startedAt < 10_000);
  });
});

describe("workers as users see them", () => {
  test("are listed by group, role, tags, labels and creator", async () => {
    const tags = ownTags();
    const worker = await startWorker(mitosis, "ben", { tags: [...tags, "b"], labels: ["l"], groups: ["crew:Read"] });
    const query = async (filter: object) => {
      const body = { group_name: "crew", tags, count: false, ...filter };
      return (await mitosis.as<{ count: number }>("cyd", "POST", "/workers/query", body)).count;
    };
    for (const [filter, count] of [
      [{}, 1],
      [{ tags: [...tags, "b"], labels: ["l"], creator_username: "ben", role: ["Read"] }, 1],
      [{ tags: [], labels: ["l"], creator_username: "ben" }, 1],
      [{ role: ["Write", "Admin"] }, 0],
      [{ labels: ["other"] }, 0],
      [{ creator_username: "ada" }, 0],
    ] as const)
      assert.equal(await query(filter), count, JSON.stringify(filter));
    assert.equal(await query({ count: true }), 1);
    for (const reading of readings) {
      const reply = await mitosis.ask<{ info: Record<string, unknown>; groups: unknown }>(
        "GET",
        `/workers/${worker.uuid}`,
        {
          ...{ reading, token: mitosis.tokens.cyd },
        },
      );
      assert.equal(reply.status, 200, reply.text);
      const { created_at, updated_at, last_heartbeat, ...info } = reply.json.info;
      for (const time of [created_at, updated_at, last_heartbeat])
        assert.match(String(time), reading === "client" ? / \+00:00:00$/ : /Z$/);
      assert.deepEqual(info, {
        ...{ worker_id: worker.uuid, creator_username: "ben", tags: [...tags, "b"], labels: ["l"] },
        ...{ state: "Normal", assigned_task_id: null },
      });
      assert.deepEqual(reply.json.groups, { ben: "Admin", crew: "Read" });
    }
  });

  test("their tags, labels and groups are replaced, and it acts at the next fetch", async () => {
    const tags = ownTags();
    const { uuid } = await submit(tags);
    const worker = await startWorker(mitosis, "ben", { groups: ["crew"] });
    assert.equal(await worker.fetch(), undefined);
    await mitosis.as("ben", "PUT", `/workers/${worker.uuid}/labels`, { labels: ["new", "new"] });
    await mitosis.as("ben", "PUT", `/workers/${worker.uuid}/tags`, { tags });
    await mitosis.as("ben", "DELETE", `/workers/${worker.uuid}/groups?groups=crew`);
    assert.equal(await worker.fetch(), undefined);
    await mitosis.as("ben", "PUT", `/workers/${worker.uuid}/groups`, { relations: { crew: "WRITE" } });
    assert.equal((await worker.fetch())?.uuid, uuid);
    for (const path of ["groups?groups=", "groups?groups=no-such-group"])
      assert.equal(
        (await mitosis.ask("DELETE", `/workers/${worker.uuid}/${path}`, { token: mitosis.tokens.ben })).status,
        400,
      );
    await mitosis.as("ben", "DELETE", `/workers/${worker.uuid}/groups/remove`, { groups: ["crew"] });
    assert.deepEqual((await mitosis.as("ben", "GET", `/workers/${worker.uuid}`)).groups, { ben: "Admin" });
  });

  test("whoever may submit to a group changes tags and labels of its workers, and only its Admins command them", async () => {
    const worker = await startWorker(mitosis, "ada", { groups: ["crew:Admin"] });
    await mitosis.as("ben", "PUT", `/workers/${worker.uuid}/tags`, { tags: ["t"] });
    await mitosis.as("ben", "PUT", `/workers/${worker.uuid}/labels`, { labels: ["l"] });
    const token = mitosis.tokens.ben;
    assert.equal((await mitosis.ask("DELETE", `/workers/${worker.uuid}`, { token })).status, 403);
    const relations = { ben: "Admin" };
    assert.equal(
      (await mitosis.ask("PUT", `/workers/${worker.uuid}/groups`, { token, body: { relations } })).status,
      403,
    );
    assert.equal((await worker.call("POST", "/workers/heartbeat")).status, 200);
  });

  test("nobody lets a worker serve a group that they may not submit to themselves", async () => {
    const worker = await startWorker(mitosis, "cyd", { groups: [] });
    const grant = (relations: object) =>
      mitosis.ask("PUT", `/workers/${worker.uuid}/groups`, { token: mitosis.tokens.cyd, body: { relations } });
    assert.equal((await grant({ crew: "Write" })).status, 403);
    assert.equal((await grant({ others: "Write" })).status, 400);
    assert.equal((await grant({})).status, 400);
    assert.deepEqual((await mitosis.as("cyd", "GET", `/workers/${worker.uuid}`)).groups, { cyd: "Admin" });
  });

  test("graceful lets a worker end its task, force gives the task to another", async () => {
    const tags = ownTags();
    const [first, second] = [await submit(tags, { priority: 1 }), await submit(tags)];
    const [graceful, forced, idle] = [
      await startWorker(mitosis, "ben", { tags }),
      await startWorker(mitosis, "ben", { tags }),
      await startWorker(mitosis, "ben", { tags }),
    ];
    const task = (await graceful.fetch()) as FetchedTask;
    assert.equal(task.uuid, first.uuid);
    assert.equal((await forced.fetch())?.uuid, second.uuid);
    await mitosis.as("ben", "DELETE", `/workers/${graceful.uuid}`);
    await mitosis.as("ben", "DELETE", `/workers/${forced.uuid}?op=force`);
    const { json } = await mitosis.ask<{ info: { state: string; assigned_task_id: string } }>(
      ...(["GET", `/workers/${graceful.uuid}`, { token: mitosis.tokens.ben }] as const),
    );
    assert.deepEqual([json.info.state, json.info.assigned_task_id], ["GracefulShutdown", first.uuid]);
    assert.equal((await forced.call("GET", "/workers/tasks")).status, 401);
    assert.equal((await idle.fetch())?.uuid, second.uuid);
    await graceful.report(task.id, { End: { state: "Finished", exit_status: 0, msg: null } });
    assert.equal((await graceful.call("GET", "/workers/tasks")).status, 401);
  });

  test("many are shut down by filter and by list; administrators shut down any, clients with graceful for the default", async () => {
    const tags = ownTags();
    const [a, b, c, d] = [
      await startWorker(mitosis, "ada", { tags, groups: ["crew:Admin"] }),
      await startWorker(mitosis, "ada", { tags, groups: ["crew:Admin"] }),
      await startWorker(mitosis, "ada", { tags, groups: ["crew:Admin"] }),
      await startWorker(mitosis, "ada", { tags, groups: ["crew:Admin"] }),
    ];
    const unknown = randomUUID();
    assert.deepEqual(
      await mitosis.as("ada", "POST", "/workers/shutdown/list", { uuids: [a.uuid, unknown], op: "Force" }),
      { shutdown_count: 1, failed_uuids: [unknown] },
    );
    for (const [reading, worker, path] of [
      ["client", b, `/admin/workers/${b.uuid}`],
      ["document", c, `/admin/workers/${c.uuid}/`],
    ] as const) {
      assert.equal((await mitosis.ask("DELETE", path, { token: mitosis.tokens.ada })).status, 403);
      const reply = await mitosis.ask("DELETE", path, { reading, token: mitosis.tokens.admin });
      assert.deepEqual([reply.status, reply.text], [200, ""]);
      assert.equal((await worker.call("POST", "/workers/heartbeat")).status, 401);
    }
    assert.deepEqual(
      await mitosis.as("ada", "POST", "/workers/shutdown", { group_name: "crew", tags, op: "graceful" }),
      { shutdown_count: 1, group_name: "crew" },
    );
    assert.equal((await d.call("POST", "/workers/heartbeat")).status, 401);
  });
});
