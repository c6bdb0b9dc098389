import assert from "node:assert/strict";
import http from "node:http";
import { text } from "node:stream/consumers";
import test, { after, before } from "node:test";
import { auditLog } from "../../../test/support/audit-log.ts";
import { type Connecting, connectMcp, generations } from "../../../test/support/mcp.ts";
import { type OpenedYard, openTestYard } from "../../../test/support/yard-in-process.ts";
import { assertRoutesDocumented } from "../../platform/http/testing.ts";
import { until } from "../../platform/testing/until.ts";

const password = "correct horse";
let opened: OpenedYard;
const tokens = new Map<string, string>();

before(async () => {
  opened = await openTestYard({ "scripts.engines": "1", "mcp.hosts": "yard.example" });
  const { users, sessions } = opened.yard.identity;
  for (const [username, ...roles] of [
    ["ada", "shell", "view"],
    ["bob", "shell", "view"],
    ["viewer", "view"],
  ] as const) {
    await users.create({ username, password, roles });
    const login = await sessions.login({ username, password }, { api: "test" });
    assert.ok(login.kind === "session");
    tokens.set(username, login.issued.token);
  }
});
after(() => opened[Symbol.asyncDispose]());

const allTools = [
  ...[
    "cancel_execution",
    "delete_heap_tags",
    "fs_label",
    "fs_log",
    "fs_ls",
    "fs_merge",
    "fs_pull",
    "fs_push",
    "fs_reset",
  ],
  ...["get_execution", "get_execution_output", "get_heap_tags", "list_apps", "list_executions"],
  ...["list_session_snapshots", "list_sessions", "query_heaps_by_tags", "run_command", "run_js", "set_heap_tags"],
];

const connect = (as?: string, options: Connecting = {}) =>
  connectMcp(opened.url, { token: as === undefined ? undefined : tokens.get(as), ...options });

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** A request as it is written: `fetch` would not send a foreign Host. */
async function send(method: string, headers: http.OutgoingHttpHeaders, body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request(`${opened.url}/mcp`, { method, headers: { ...acceptsAll, ...headers } }, resolve);
  request.on("error", reject);
  request.end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
}

const acceptsAll = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const message = (method: string, params: object = {}) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const initialize = message("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});
const bearer = (username: string) => ({ authorization: `Bearer ${tokens.get(username)}` });

/** The id of a new session. */
async function openSession(headers: http.OutgoingHttpHeaders = {}): Promise<string> {
  const answer = await send("POST", headers, initialize);
  assert.equal(answer.status, 200, answer.text);
  const id = answer.headers["mcp-session-id"];
  assert.ok(typeof id === "string");
  return id;
}

/** What a reply says, which is JSON or a stream of one event. */
function said({ text: body }: Answer) {
  const json = body.startsWith("event:") ? body.slice(body.indexOf("data: ") + "data: ".length) : body;
  return JSON.parse(json) as { result?: Record<string, unknown>; error?: { code: number; message: string } };
}

test("the route is no operation of a document, and says why", async () => {
  await assertRoutesDocumented(opened.yard.http);
});

for (const generation of generations) {
  test(`the ${generation} protocol tells what there is, and runs a script that goes on`, async () => {
    await using mcp = await connect("ada", { generation });
    assert.equal(mcp.client.getServerVersion()?.name, "runyard");
    assert.match(mcp.client.getInstructions() ?? "", /docs:\/\/readme/);
    const { tools } = await mcp.client.listTools();
    assert.deepEqual(tools.map(({ name }) => name).sort(), allTools);

    const first = await mcp.run("globalThis.seen = new Map([['a', 1]]); console.log('one\\ntwo'); seen.size");
    assert.deepEqual([first.status, first.result, first.error], ["completed", "1", null]);
    const second = await mcp.run("seen.set('b', 2); [...seen.keys()]", { heap: first.heap });
    assert.equal(second.result, '["a","b"]');
    const page = await mcp.call("get_execution_output", { execution_id: first.execution_id, line_offset: 1 });
    assert.deepEqual([page.data, page.start_line, page.end_line, page.has_more], ["two", 1, 2, false]);
  });
}

test("documents are read by their names, and no others", async () => {
  await using mcp = await connect();
  const { resources } = await mcp.client.listResources();
  for (const { uri, mimeType } of resources) {
    const { contents } = await mcp.client.readResource({ uri });
    const [content] = contents;
    assert.ok(content && "text" in content && content.mimeType === mimeType);
    if (mimeType === "application/json") assert.equal(typeof JSON.parse(content.text), "object");
    else assert.match(content.text, /^# /);
  }
  assert.deepEqual(
    resources.map(({ uri }) => uri),
    ["docs://readme", "docs://llms-txt", "docs://openapi", "docs://tools"],
  );
  await assert.rejects(mcp.client.readResource({ uri: "docs://secrets" }), { code: -32_602 });
});

test("a client that names a session goes on where its last script ended, and sees the steps", async () => {
  await using mcp = await connect("ada", { session: "notes" });
  await mcp.run("globalThis.count = 1");
  const second = await mcp.run("count += 1; count");
  assert.equal(second.result, "2");
  const { entries } = await mcp.call("list_session_snapshots", { fields: "input_heap, output_heap" });
  assert.ok(Array.isArray(entries));
  assert.equal(entries.length, 2);
  assert.equal(entries[1].input_heap, entries[0].output_heap);
  assert.deepEqual(Object.keys(entries[0]), ["input_heap", "output_heap"]);
  assert.deepEqual(await mcp.call("list_sessions"), { sessions: ["notes"] });

  await using nameless = await connect("ada");
  const none = await nameless.call("list_session_snapshots");
  assert.match(JSON.stringify(none), /^\{"entries":\[\{"error":/);
});

test("memories are found by their tags", async () => {
  await using mcp = await connect("bob");
  const { heap } = await mcp.run("globalThis.a = 1", { tags: { kind: "first", of: "tests" } });
  assert.deepEqual(await mcp.call("get_heap_tags", { heap }), { tags: { kind: "first", of: "tests" } });
  assert.deepEqual(await mcp.call("delete_heap_tags", { heap, keys: "of" }), { ok: true });
  assert.deepEqual(await mcp.call("query_heaps_by_tags", { tags: { kind: "first" } }), {
    results: [{ heap, tags: { kind: "first" } }],
  });
  assert.deepEqual(await mcp.call("set_heap_tags", { heap, tags: {} }), { ok: true });
  assert.deepEqual(await mcp.call("query_heaps_by_tags", { tags: { kind: "first" } }), { results: [] });
  const unknown = await mcp.call("set_heap_tags", { heap: "0".repeat(64), tags: {} });
  assert.match(String(unknown.error), /no heap/);
});

test("labels move on, are refused where they have moved, go back, and tell it", async () => {
  await using mcp = await connect("bob");
  const [one, two] = ["1".repeat(64), "2".repeat(64)];
  assert.deepEqual(await mcp.call("fs_push", { ca_id: one, label: "site" }), {
    status: "advanced",
    label: "site",
    ca_id: one,
  });
  assert.deepEqual(await mcp.call("fs_push", { ca_id: two, label: "site" }), {
    status: "rejected",
    label: "site",
    current: one,
  });
  await mcp.call("fs_push", { ca_id: two, label: "site", expected: one, message: "on" });
  assert.deepEqual(await mcp.call("fs_reset", { label: "site", ca_id: one }), { label: "site", ca_id: one });
  assert.deepEqual(await mcp.call("fs_pull", { label: "site" }), { label: "site", ca_id: one });
  const { log } = await mcp.call("fs_log", { label: "site" });
  assert.ok(Array.isArray(log));
  assert.deepEqual(
    log.map(({ op, message: why }) => [op, why]),
    [
      ["create", undefined],
      ["push", "on"],
      ["reset", undefined],
    ],
  );
  assert.deepEqual(await mcp.call("fs_label", { name: "copy", ca_id: one }), { label: "copy", ca_id: one });
  assert.deepEqual(await mcp.call("fs_ls"), {
    labels: [
      { name: "copy", ca_id: one },
      { name: "site", ca_id: one },
    ],
  });
  assert.deepEqual(await mcp.call("fs_merge", { ours: one, theirs: one }), { status: "merged", ca_id: one });
  assert.match(String((await mcp.call("fs_pull", { label: "none" })).error), /unknown label/);
  assert.match(String((await mcp.call("fs_merge", { ours: one, theirs: two })).error), /./);
});

test("a script leaves a snapshot of its files, which a label names and another script mounts", async () => {
  await using mcp = await connect("bob");
  const { fs: written, error } = await mcp.run("await fs.writeFile('/notes.txt', 'first')", { fs: "notes" });
  assert.equal(error, null);
  await mcp.call("fs_push", { ca_id: written, label: "notes" });
  const read = await mcp.run("await fs.readFile('/notes.txt', 'utf8')", { fs: "notes" });
  assert.deepEqual([read.result, read.fs], ['"first"', written]);
  const ours = (await mcp.run("await fs.writeFile('/notes.txt', 'ours')", { fs: "notes" })).fs;
  const theirs = (await mcp.run("await fs.writeFile('/notes.txt', 'theirs')", { fs: "notes" })).fs;
  const merge = await mcp.call("fs_merge", { base: written, ours, theirs });
  assert.equal(merge.status, "conflict");
  assert.match(JSON.stringify(merge.conflicts), /<<<<<<< ours/);
  assert.equal((await mcp.call("fs_merge", { base: written, ours, theirs, prefer: "ours" })).ca_id, ours);
});

test("a script that sleeps is cancelled, once", async () => {
  await using mcp = await connect("ada");
  const { execution_id } = await mcp.call("run_js", { code: "await new Promise((done) => setTimeout(done, 60_000))" });
  assert.deepEqual(await mcp.call("cancel_execution", { execution_id }), { ok: true });
  assert.equal((await mcp.call("get_execution", { execution_id })).status, "cancelled");
  const again = await mcp.call("cancel_execution", { execution_id });
  assert.equal(again.ok, false);
  assert.match(String(again.error), /is not running \(status: cancelled\)/);
});

test("users, and who has no token, see nothing of one another", async () => {
  await using ada = await connect("ada");
  await using bob = await connect("bob");
  await using nobody = await connect();
  const { execution_id, heap } = await ada.run("globalThis.secret = 'ada'", { tags: { whose: "ada" } });
  for (const other of [bob, nobody]) {
    for (const tool of ["get_execution", "get_execution_output"])
      assert.match(String((await other.call(tool, { execution_id })).error), /not found/);
    assert.match(String((await other.call("cancel_execution", { execution_id })).error), /not found/);
    assert.equal((await other.run("typeof secret", { heap })).result, '"undefined"');
    assert.deepEqual(await other.call("get_heap_tags", { heap }), { tags: {} });
    assert.doesNotMatch(JSON.stringify(await other.call("list_executions")), new RegExp(String(execution_id)));
  }
  assert.match(JSON.stringify(await ada.call("list_executions")), new RegExp(String(execution_id)));
});

test("a token's rights bound the tools, and a refusal is on the audit trail", async () => {
  await using viewer = await connect("viewer");
  const { tools } = await viewer.client.listTools();
  assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true));
  const refused = await viewer.call("run_command", { command: ["true"] });
  assert.match(String(refused.error), /User viewer lacks the permission apps\.run-sync/);
  assert.match(String((await viewer.call("run_js", { code: "1" })).error), /scripts\.run/);
  await until(
    () =>
      auditLog(opened.data).some(
        ({ actor, outcome, target }) => actor === "viewer" && outcome === "denied" && target === "scripts.run",
      ),
    { what: "the refusal is recorded" },
  );

  await using nobody = await connect();
  for (const tool of ["list_apps", "run_command"])
    assert.match(String((await nobody.call(tool, { command: ["true"] })).error), /needs a user's token/);
});

test("commands run on the host, and say how they ended", async () => {
  await using mcp = await connect("ada");
  const ended = await mcp.call("run_command", {
    command: ["sh", "-c", 'echo "$GREETING"; exit 3'],
    env: { GREETING: "hello" },
  });
  assert.deepEqual(ended, { exit_code: 3, signal: null, timed_out: false, output: "hello\n", truncated: false });
  const long = await mcp.call("run_command", { command: ["sleep", "30"], timeout_secs: 1 });
  assert.equal(long.timed_out, true);
  const flood = await mcp.call("run_command", { command: ["sh", "-c", "yes | head -c 100000"] });
  assert.deepEqual([String(flood.output).length, flood.truncated], [65_536, true]);
  assert.match(String((await mcp.call("run_command", { command: ["/no/such/program"] })).error), /no\/such\/program/);
});

test("apps are listed with how they are, and without their secrets", async () => {
  const ada = await opened.yard.identity.authenticator.authenticate(tokens.get("ada") ?? "");
  const definition = {
    ...{ argv: ["sleep", "60"], command: "sleep 60", shell: false, sessionLogin: false, keepOutputs: 0 },
    ...{ description: "rests", env: {}, secretEnv: { KEY: "hidden" } },
    exit: { action: "standby" as const, byCode: {} },
  };
  await opened.yard.apps.put(ada, "sleeper", definition, { enabled: false });
  await using mcp = await connect("ada");
  const listed = { name: "sleeper", command: "sleep 60", description: "rests", owner: "ada" };
  assert.deepEqual(await mcp.call("list_apps"), {
    apps: [{ ...listed, enabled: false, healthy: false, starts: 0 }],
  });
});

test("unknown tools, and arguments outside of a tool's schema, are errors of the protocol", async () => {
  await using mcp = await connect("ada");
  for (const [name, given] of [
    ["drop_everything", {}],
    ["run_js", { code: 5 }],
    ["run_js", { code: "1", session: "other" }],
    ["run_js", { code: "1", heap_memory_max_mb: -1 }],
    ["run_js", { code: "1", tags: { a: 1 } }],
    ["get_execution", {}],
    ["get_execution_output", { execution_id: "x", line_limit: 1.5 }],
    ["run_command", { command: [] }],
    ["run_command", { command: "ls" }],
  ] as const)
    await assert.rejects(
      mcp.client.callTool({ name, arguments: given }),
      { code: -32_602 },
      `${name} ${JSON.stringify(given)}`,
    );
  for (const [given, why] of [
    [{}, /code/],
    [{ code: "1", file: "/etc/passwd" }, /either/],
    [{ file: "/etc/passwd" }, /disabled/],
  ] as const)
    assert.match(String((await mcp.call("run_js", given)).execution_id), why);
});

test("a name or a page from elsewhere is refused, whatever else the request has", async () => {
  for (const [headers, status] of [
    [{ host: "evil.example" }, 403],
    [{ host: "evil.example", ...bearer("ada") }, 403],
    [{ host: "127.0.0.1.evil.example", ...bearer("ada") }, 403],
    [{ origin: "http://evil.example", ...bearer("ada") }, 403],
    [{ origin: "null", ...bearer("ada") }, 403],
    [{ host: "evil.example", origin: "http://evil.example", ...bearer("ada") }, 403],
    [{ origin: "http://203.0.113.9", ...bearer("ada") }, 403],
    [{ origin: "http://localhost:5173" }, 200],
    [{ host: "yard.example", ...bearer("ada") }, 200],
    [{ host: "yard.example" }, 403],
    [{ host: "203.0.113.9:7700", origin: "http://203.0.113.9:7700", ...bearer("ada") }, 200],
    [{ "x-forwarded-for": "203.0.113.9" }, 401],
    [{ authorization: "Bearer nonsense" }, 401],
  ] as const)
    for (const method of status === 200 ? ["POST"] : ["POST", "GET", "DELETE"]) {
      const answer = await send(method, headers, method === "POST" ? initialize : undefined);
      assert.equal(answer.status, status, `${method} ${JSON.stringify(headers)}: ${answer.text}`);
      if (status !== 200) assert.equal(typeof said(answer).error?.message, "string");
    }
});

test("a session is its maker's: missing, unknown, ended and others' ids find none", async () => {
  const list = message("tools/list");
  const id = await openSession(bearer("ada"));
  const own = await send("POST", { ...bearer("ada"), "mcp-session-id": id }, list);
  assert.equal(own.status, 200);
  assert.equal((await send("POST", bearer("ada"), list)).status, 400);
  for (const headers of [
    { ...bearer("bob"), "mcp-session-id": id },
    { "mcp-session-id": id },
    { ...bearer("ada"), "mcp-session-id": "00000000-0000-4000-8000-000000000000" },
  ])
    for (const method of ["POST", "DELETE"])
      assert.equal((await send(method, headers, method === "POST" ? list : undefined)).status, 404);
  assert.equal((await send("DELETE", { ...bearer("ada"), "mcp-session-id": id })).status, 200);
  assert.equal((await send("POST", { ...bearer("ada"), "mcp-session-id": id }, list)).status, 404);
});

test("a session whose user was locked answers no more", async () => {
  const { users, sessions } = opened.yard.identity;
  const user = await users.create({ username: "carol", password, roles: ["view"] });
  const login = await sessions.login({ username: "carol", password }, { api: "test" });
  assert.ok(login.kind === "session");
  const headers = { authorization: `Bearer ${login.issued.token}` };
  const id = await openSession(headers);
  await users.lock(user.username);
  assert.equal((await send("POST", { ...headers, "mcp-session-id": id }, message("tools/list"))).status, 401);
});

test("what is no message is refused as JSON-RPC has it", async () => {
  for (const [headers, body, status] of [
    [{}, "{", 400],
    [{}, "[".repeat(10_000), 400],
    [{}, '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"__proto__":{}}}', 400],
    [{}, "{}", 400],
    [{ "content-type": "text/plain" }, initialize, 415],
    [{ accept: "text/html" }, initialize, 406],
  ] as const) {
    const answer = await send("POST", headers, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(typeof said(answer).error?.code, "number");
  }
  assert.equal((await send("GET", {})).status, 405);
});

test("a call may be a task, which is an execution", async () => {
  const headers = { ...bearer("ada"), "mcp-session-id": await openSession(bearer("ada")) };
  const ask = async (method: string, params: object) => said(await send("POST", headers, message(method, params)));
  const call = { name: "run_js", arguments: { code: "console.log('done')" }, task: {} };
  const task = (await ask("tools/call", call)).result?.task as { taskId: string; status: string };
  const { taskId } = task;
  const { result } = await ask("tasks/result", { taskId });
  assert.deepEqual(result?.structuredContent, { execution_id: taskId });
  assert.deepEqual(result?._meta, { "io.modelcontextprotocol/related-task": { taskId } });
  assert.equal((await ask("tasks/get", { taskId })).result?.status, "completed");
  assert.equal((await ask("tasks/cancel", { taskId })).error?.code, -32_602);
  assert.equal((await ask("tasks/get", { taskId: "none" })).error?.code, -32_602);
  assert.match(JSON.stringify((await ask("tasks/list", {})).result), new RegExp(taskId));
  const foreign = { ...bearer("bob"), "mcp-session-id": await openSession(bearer("bob")) };
  assert.equal(said(await send("POST", foreign, message("tasks/get", { taskId }))).error?.code, -32_602);
});
