/** Bad input to the operations on tasks, workers and files: refused with the field at fault, and nothing is changed by it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type MitosisYard, newTask, openMitosis, type ScriptedWorker, startWorker } from "./support/mitosis.ts";

let mitosis: MitosisYard;
let task: string;
let worker: ScriptedWorker;
before(async () => {
  mitosis = await openMitosis();
  task = (await mitosis.as<{ uuid: string }>("ada", "POST", "/tasks", newTask())).uuid;
  worker = await startWorker(mitosis, "ada", { tags: ["idle"], groups: ["crew:Admin"] });
});
after(() => mitosis[Symbol.asyncDispose]());

const countTasks = async () =>
  (await mitosis.as<{ count: number }>("ada", "POST", "/tasks/query", { group_name: "crew", count: true })).count;

async function refuses(method: string, path: string, body: unknown, status: number, text: RegExp): Promise<void> {
  const reply = await mitosis.ask(method, path, { token: mitosis.tokens.ada, body });
  assert.equal(reply.status, status, `${path}: ${reply.text}`);
  assert.match(reply.json.msg, text);
  assert.equal(reply.json.error, reply.json.msg);
}

const resource = (local_path: string, remote_file: unknown = { Attachment: { key: "k" } }) =>
  newTask({ task_spec: { args: [], resources: [{ remote_file, local_path }] } });

describe("a submit", () => {
  for (const [what, body, status, text] of [
    ["no JSON", "{", 400, /JSON/],
    ["no body", undefined, 400, /./],
    ["a list", [], 422, /object/],
    ["no group", newTask({ group_name: undefined }), 422, /group_name/],
    ["no tags", newTask({ tags: undefined }), 422, /tags/],
    ["a number for a tag", newTask({ tags: [1] }), 422, /tags/],
    ["a text for the labels", newTask({ labels: "a" }), 422, /labels/],
    ["no timeout", newTask({ timeout: undefined }), 422, /timeout/],
    ["a number for the timeout", newTask({ timeout: 600 }), 422, /timeout/],
    ["a timeout without a unit", newTask({ timeout: "600" }), 422, /timeout.*duration/],
    ["an unknown unit", newTask({ timeout: "6 moons" }), 422, /timeout/],
    ["an empty timeout", newTask({ timeout: "" }), 422, /timeout/],
    ["a timeout of a century", newTask({ timeout: "100y" }), 400, /timeout/],
    ["a fraction for the priority", newTask({ priority: 0.5 }), 422, /priority/],
    ["a priority beyond 32 bits", newTask({ priority: 2 ** 31 }), 422, /priority/],
    ["no arguments", newTask({ task_spec: {} }), 422, /task_spec\.args/],
    ["a NUL in an argument", newTask({ task_spec: { args: ["\0"] } }), 400, /task_spec\.args/],
    ["a number in the environment", newTask({ task_spec: { args: [], envs: { A: 1 } } }), 422, /envs/],
    ["a variable without a name", newTask({ task_spec: { args: [], envs: { "": "x" } } }), 400, /task_spec\.envs/],
    [
      "a text for terminal_output",
      newTask({ task_spec: { args: [], terminal_output: "yes" } }),
      422,
      /terminal_output/,
    ],
    ["a watch of one", newTask({ task_spec: { args: [], watch: ["a"] } }), 422, /watch/],
    ["a watch of no UUID", newTask({ task_spec: { args: [], watch: ["a", "ExecSpawned"] } }), 422, /watch/],
    ["a watch of no state", newTask({ task_spec: { args: [], watch: [crypto.randomUUID(), "Done"] } }), 422, /watch/],
    ["an absolute path", resource("/etc/passwd"), 400, /task_spec\.resources/],
    ["a path that leads out", resource("a/../../b"), 400, /task_spec\.resources/],
    ["a resource of no kind", resource("a", { Url: "http://x" }), 422, /remote_file/],
    ["an artifact of no kind", resource("a", { Artifact: { uuid: crypto.randomUUID(), content_type: "x" } }), 422, /./],
    ["a polluting key", '{"__proto__": {"group_name": "crew"}}', 400, /./],
  ] as const)
    test(`with ${what} is ${status}`, async () => {
      const before = await countTasks();
      await refuses("POST", "/tasks", body, status, text);
      assert.equal(await countTasks(), before);
    });

  test("in another type than JSON is 415, and of more than 2 MiB 413", async () => {
    const token = mitosis.tokens.ada;
    const form = await mitosis.ask("POST", "/tasks", { token, headers: { "content-type": "text/plain" }, body: "a" });
    assert.equal(form.status, 415);
    const huge = newTask({ task_spec: { args: ["x".repeat(2 * 1024 ** 2)] } });
    assert.equal((await mitosis.ask("POST", "/tasks", { token, body: huge })).status, 413);
  });

  test("with an Idempotency-Key that is too long is 400", async () => {
    const reply = await mitosis.ask("POST", "/tasks", {
      ...{ token: mitosis.tokens.ada, headers: { "idempotency-key": "x".repeat(256) }, body: newTask() },
    });
    assert.equal(reply.status, 400);
  });
});

describe("operations on what there is", () => {
  for (const [method, path, body, status, text] of [
    ["POST", "/tasks/submit", { tasks: {} }, 422, /tasks/],
    ["POST", "/tasks/submit", { tasks: [1] }, 422, /^tasks\.0: /],
    ["POST", "/tasks/query", { tags: [] }, 400, /tags/],
    ["POST", "/tasks/query", { states: ["Sleeping"] }, 422, /states/],
    ["POST", "/tasks/query", { exit_status: "> 1" }, 400, /exit_status/],
    ["POST", "/tasks/query", { priority: 1 }, 422, /priority/],
    ["POST", "/tasks/query", { limit: -1 }, 422, /limit/],
    ["POST", "/tasks/query", { offset: 0.5 }, 422, /offset/],
    ["POST", "/tasks/query", { reporter_uuid: "x" }, 422, /reporter_uuid/],
    ["GET", "/tasks/not-a-uuid", undefined, 400, /uuid/],
    ["GET", "/tasks/00000000-0000-4000-8000-000000000000", undefined, 404, /./],
    ["PUT", "/tasks/{task}", {}, 400, /./],
    ["PUT", "/tasks/{task}", { timeout: "x" }, 422, /timeout/],
    ["PUT", "/tasks/{task}/labels", {}, 422, /labels/],
    ["POST", "/tasks/cancel/list", { uuids: [] }, 400, /uuids/],
    ["POST", "/tasks/cancel/list", { uuids: ["x"] }, 422, /uuids/],
    ["POST", "/tasks/{task}/artifacts", { content_type: "zip", content_length: 1 }, 422, /content_type/],
    ["POST", "/tasks/{task}/artifacts", { content_type: "result", content_length: -1 }, 422, /content_length/],
    ["GET", "/tasks/{task}/download/artifacts/zip", undefined, 400, /content_type/],
    ["DELETE", "/tasks/{task}/artifacts/zip", undefined, 400, /content_type/],
    ["POST", "/tasks/download/artifacts", { group_name: "crew" }, 422, /content_type/],
    ["POST", "/tasks/download/artifacts/list", { uuids: [], content_type: "result" }, 400, /uuids/],
    ["POST", "/tasks/delete/artifacts/list", { uuids: [], content_type: "result" }, 400, /uuids/],
    ["POST", "/groups/crew/attachments", { key: "k", content_length: "1" }, 422, /content_length/],
    ["POST", "/groups/crew/attachments/query", { limit: "1" }, 422, /limit/],
    ["GET", "/groups/crew/attachments/none", undefined, 404, /./],
    ["GET", "/groups/crew/download/attachments/none", undefined, 404, /./],
    ["POST", "/groups/crew/download/attachments/list", { keys: [] }, 400, /keys/],
    ["POST", "/groups/crew/delete/attachments/list", { keys: [] }, 400, /keys/],
    ["POST", "/workers", { tags: [] }, 422, /groups/],
    ["POST", "/workers", { tags: [], groups: [], lifetime: "7" }, 422, /lifetime/],
    ["POST", "/workers", { tags: [], groups: [], lease: "soon" }, 422, /lease/],
    ["POST", "/workers/query", { role: ["Owner"] }, 422, /role/],
    ["GET", "/workers/not-a-uuid", undefined, 400, /uuid/],
    ["GET", "/workers/00000000-0000-4000-8000-000000000000", undefined, 404, /./],
    ["PUT", "/workers/{worker}/tags", { tags: [] }, 400, /tags/],
    ["PUT", "/workers/{worker}/labels", { labels: [] }, 400, /labels/],
    ["PUT", "/workers/{worker}/groups", { relations: { crew: "Owner" } }, 422, /relations/],
    ["PUT", "/workers/{worker}/groups", { relations: { none: "Read" } }, 400, /none/],
    ["DELETE", "/workers/{worker}?op=slowly", undefined, 400, /op/],
    ["POST", "/workers/shutdown", { group_name: "crew" }, 422, /op/],
    ["POST", "/workers/shutdown/list", { uuids: [], op: "Force" }, 400, /uuids/],
  ] as const)
    test(`${method} ${path} with ${JSON.stringify(body) ?? "that path"} is ${status}`, async () => {
      const given = path.replace("{task}", task).replace("{worker}", worker.uuid);
      await refuses(method, given, body, status, text);
      assert.equal((await worker.call("POST", "/workers/heartbeat")).status, 200);
    });
});

describe("a worker's requests", () => {
  for (const [body, status, text] of [
    [{}, 422, /./],
    [{ id: 1 }, 422, /./],
    [{ id: "1", op: "Finish" }, 422, /./],
    [{ id: 1, op: "Explode" }, 422, /./],
    [{ id: 1, op: { Commit: {} } }, 422, /exit_status/],
    [{ id: 1, op: { Commit: { exit_status: 0, msg: "Why not" } } }, 422, /msg/],
    [{ id: 1, op: { Upload: { content_type: "result" } } }, 422, /content_length/],
    [{ id: 1, op: { End: { state: "Running", exit_status: 0 } } }, 422, /state/],
    [{ reports: {} }, 422, /./],
    [{ reports: [{ id: 1 }] }, 422, /./],
    [{ id: 987_654_321, op: "Finish" }, 404, /./],
  ] as const)
    test(`report ${JSON.stringify(body)} is ${status}`, async () => {
      const reply = await worker.call("POST", "/workers/tasks", body);
      assert.equal(reply.status, status, reply.text);
      assert.match(reply.json.msg, text);
    });

  test("with a limit that is none are 400", async () => {
    for (const limit of ["0", "-1", "x", "100000"])
      assert.equal((await worker.call("GET", `/workers/tasks?limit=${limit}`)).status, 400, limit);
  });

  test("with a preference that cannot be read are answered at once", async () => {
    const reply = await worker.call("GET", "/workers/tasks", undefined, { prefer: "wait=soon" });
    assert.deepEqual([reply.status, reply.text, reply.headers["preference-applied"]], [200, "null", undefined]);
  });
});

test("a stale op in the query, as the interactive client leaves it, does no harm", async () => {
  await mitosis.as("ada", "GET", `/tasks/${task}?op=force`);
  await mitosis.as("ada", "POST", "/tasks?op=force", newTask());
});
