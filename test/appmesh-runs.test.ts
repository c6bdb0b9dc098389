/** Runs and their output through App Mesh's API on a real yard. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn, type Reply } from "./support/appmesh.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

type View = Record<string, unknown> & { readonly name: string };
interface Started {
  readonly name: string;
  readonly process_uuid: string;
}

let opened: OpenedYard;
let admin: AppMesh;
let runner: AppMesh;
before(async () => {
  opened = await openTestYard();
  admin = await logIn(opened.url, "admin", adminPassword);
  await opened.yard.identity.users.create({ username: "runner", password: "correct horse", roles: ["shell", "view"] });
  runner = await logIn(opened.url, "runner", "correct horse");
});
after(() => opened[Symbol.asyncDispose]());

const syncrun = (body: object, query = "") => admin.expect("POST", `/app/syncrun${query}`, { body });
const run = async (body: object, query = "") =>
  (await admin.expect("POST", `/app/run${query}`, { body })).json<Started>();
const output = (name: string, query = "") => admin.request("GET", `/app/${name}/output${query}`);
const remove = (name: string) => admin.expect("DELETE", `/app/${name}`);
const ended = ({ headers, text }: Reply) => [text, headers.get("x-exit-code"), headers.get("x-output-position")];
const names = async () => (await admin.expect("GET", "/applications")).json<View[]>().map(({ name }) => name);

test("a synchronous run answers output, exit code and position, and leaves nothing", async () => {
  const before = await names();
  assert.deepEqual(ended(await syncrun({ command: "echo hi", shell: true }, "?timeout=5&lifecycle=6")), [
    "hi\n",
    "0",
    "3",
  ]);
  assert.deepEqual(ended(await syncrun({ name: "mine", command: "echo out; exit 7", shell: true })), [
    "out\n",
    "7",
    "4",
  ]);
  assert.deepEqual(ended(await syncrun({ command: "true" })), ["", "0", "0"]);
  assert.deepEqual(await names(), before);
});

test("a run that lasts longer than its timeout ends with 9", async () => {
  assert.deepEqual(ended(await syncrun({ command: "echo begun; sleep 60", shell: true }, "?timeout=1")), [
    "begun\n",
    "9",
    "6",
  ]);
});

test("a run is shown as temporary, belongs to its caller, and its caller may remove it", async () => {
  const { name, process_uuid } = (
    await runner.expect("POST", "/app/run", { body: { command: "sleep 60" } })
  ).json<Started>();
  assert.match(name, /^[0-9a-z]+$/);
  assert.ok(process_uuid);
  const view = (await admin.expect("GET", `/app/${name}`)).json<View>();
  assert.deepEqual([view.status, view.owner, view.health, view.starts], [2, "runner", 0, 1]);
  assert.ok((await names()).includes(name));
  await runner.expect("DELETE", `/app/${name}`);
  assert.equal((await admin.request("GET", `/app/${name}`)).status, 404);
});

test("a run of an existing application is a numbered copy that keeps neither schedule nor exit rules, also of a disabled one", async () => {
  const model = {
    ...{ name: "model", command: "cat; echo $A $B", shell: true, status: 0, metadata: "in", permission: 22 },
    ...{ env: { A: "1" }, sec_env: { B: "2" }, start_interval_seconds: 1, retention: 5, health_check_cmd: "false" },
    ...{ behavior: { exit: "keepalive" }, end_time: Math.floor(Date.now() / 1_000) + 900, start_time: 1 },
  };
  await admin.expect("PUT", "/app/model", { body: model });
  const { name } = (await runner.expect("POST", "/app/run", { body: { name: "model" } })).json<Started>();
  assert.equal(name, "model_1");
  assert.equal((await output(name, "?timeout=10")).text, "in1 2\n");
  const view = (await admin.expect("GET", `/app/${name}`)).json<View>();
  for (const field of ["start_interval_seconds", "start_time", "end_time", "retention", "health_check_cmd"]) {
    assert.equal(field in view, false, field);
  }
  assert.deepEqual([view.behavior, view.owner, view.starts], [{ exit: "standby" }, "runner", 1]);
  const body = { name: "model", metadata: { x: 1 }, env: { A: "9" }, sec_env: { B: "8" }, working_dir: "/nowhere" };
  assert.equal((await syncrun(body)).text, '{"x":1}9 8\n');
  await remove("model_1");
  await remove("model");
});

for (const [what, status, body, query] of [
  ["a copy with a command of its own", 400, { name: "present", command: "true" }, ""],
  ["a new name without a command", 400, { name: "absent" }, ""],
  ["neither name nor command", 400, {}, ""],
  ["a name that is none", 400, { name: "a/b", command: "true" }, ""],
  ["the reserved name", 400, { name: "agent", command: "true" }, ""],
  ["a container", 400, { command: "true", docker_image: "alpine" }, ""],
  ["a program that is not there", 400, { command: "/no/such/program" }, ""],
  ["a directory that is not there", 400, { command: "true", working_dir: "/no/such/directory" }, ""],
  ["a limit that is none", 400, { command: "true", resource_limit: { cpu_shares: 1 } }, ""],
  ["a cron expression that is none", 400, { command: "true", start_interval_seconds: "x", cron: true }, ""],
  ["a lifecycle of 0", 400, { command: "true" }, "?lifecycle=0"],
  ["a timeout that is no time", 400, { command: "true" }, "?timeout=soon"],
] as const) {
  test(`${what} is refused with ${status} by both kinds of runs, and leaves nothing`, async () => {
    await admin.expect("PUT", "/app/present", { body: { command: "true", status: 0 } });
    const before = await names();
    for (const kind of ["run", "syncrun"]) {
      const reply = await admin.request("POST", `/app/${kind}${query}`, { body });
      assert.equal(reply.status, status, `${kind}: ${reply.text}`);
    }
    await until(async () => (await names()).length === before.length);
    assert.deepEqual(await names(), before);
  });
}

test("a copy needs read access to its application", async () => {
  await admin.expect("PUT", "/app/private", { body: { command: "true", status: 0, permission: 11 } });
  const reply = await runner.request("POST", "/app/run", { body: { name: "private" } });
  assert.equal(reply.status, 400);
  await remove("private");
});

test("a run is removed at the end of its life, at once if that is negative", async () => {
  await run({ name: "brief", command: "sleep 60" }, "?timeout=1&lifecycle=1");
  await until(async () => !(await names()).includes("brief"));
  await run({ name: "gone", command: "sleep 60" }, "?lifecycle=-1");
  await until(async () => !(await names()).includes("gone"));
});

test("the exit code comes with the process id alone, and not before all output was read", async () => {
  const { name, process_uuid: id } = await run({ command: "printf 0123456789; exit 3", shell: true });
  assert.deepEqual(ended(await output(name, "?timeout=10")), ["0123456789", null, "10"]);
  assert.deepEqual(ended(await output(name, `?process_uuid=${id}&stdout_maxsize=4`)), ["0123", null, "4"]);
  assert.deepEqual(ended(await output(name, `?process_uuid=${id}&stdout_position=4`)), ["456789", "3", "10"]);
  assert.deepEqual(ended(await output(name, `?process_uuid=${id}&stdout_position=10`)), ["", "3", "10"]);
  assert.deepEqual(ended(await output(name, `?process_uuid=${id}&stdout_maxsize=-3`)), ["789", "3", "10"]);
  assert.deepEqual(ended(await output(name, "?stdout_maxsize=0&stdout_position=-4")), ["0123456789", null, "10"]);
  for (const [query, status] of [
    ["?stdout_position=11", 400],
    ["?stdout_index=1", 404],
    ["?process_uuid=another", 404],
    ["?timeout=P1M", 400],
  ] as const) {
    assert.equal((await output(name, query)).status, status, query);
  }
  await remove(name);
  assert.equal((await output(name)).status, 404);
});

test("a wait lasts until the process has ended or its time has passed, and then all is read", async () => {
  const { name, process_uuid: id } = await run({ command: "sleep 0.5; echo late; sleep 60", shell: true });
  const began = performance.now();
  const reply = await output(name, `?process_uuid=${id}&timeout=2`);
  assert.ok(performance.now() - began >= 1_900);
  assert.deepEqual(ended(reply), ["late\n", null, "5"]);
  const waiting = output(name, `?process_uuid=${id}&timeout=60&stdout_position=5`);
  await admin.expect("POST", `/app/${name}/disable`);
  assert.deepEqual(ended(await waiting), ["", "9", "5"]);
  await remove(name);
});

test("output that has not begun is empty; that of an application that never ran is not there", async () => {
  const { name } = await run({ command: "sleep 60" });
  assert.deepEqual(ended(await output(name)), ["", null, null]);
  await remove(name);
  await admin.expect("PUT", "/app/never", { body: { command: "true", status: 0 } });
  assert.equal((await output("never")).status, 404);
  await remove("never");
});

test("output comes as lines of JSON, or as a page on which nothing is markup", async () => {
  const { name } = await run({ command: "printf 'one\\n<b>\\033[31mtwo\\n'", shell: true });
  const lines = await output(name, "?timeout=10&json=1");
  assert.match(lines.headers.get("content-type") ?? "", /^application\/json/);
  assert.deepEqual(lines.json(), [
    { index: 1, stdout: "one" },
    { index: 2, stdout: "<b>\u001b[31mtwo" },
  ]);
  assert.equal(lines.headers.get("x-output-position"), "16");
  const page = await output(name, "?html=1");
  assert.match(page.headers.get("content-type") ?? "", /^text\/html; charset=utf-8/);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.ok(page.text.includes("<pre>one\n&#60;b&#62;two\n</pre>"), page.text);
  await remove(name);
});

test("outputs of earlier processes have an index", async () => {
  const body = { command: "echo $$; sleep 600", shell: true, stdout_cache_num: 2 };
  await admin.expect("PUT", "/app/older", { body });
  const first = await until(async () => (await output("older")).text);
  await admin.expect("POST", "/app/older/disable");
  await admin.expect("POST", "/app/older/enable");
  const second = await until(async () => {
    const { text } = await output("older");
    return text !== first ? text : undefined;
  });
  assert.equal((await output("older", "?stdout_index=1")).text, first);
  assert.equal((await output("older", "?stdout_index=0")).text, second);
  assert.equal((await output("older", "?stdout_index=2")).status, 404);
  await remove("older");
});
