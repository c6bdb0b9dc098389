/** Messages to running apps over HTTP: what a sender and a worker see of each other, byte for byte. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test, { after, before, mock } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { auditLog } from "./support/audit-log.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

let opened: OpenedYard;
let admin: AppMesh;
/** The administrator's token. */
let bearer: Readonly<Record<string, string>>;
/** Of the process of the app `mute`, which leaves it to the tests to be its worker. */
let key: string;

before(async () => {
  opened = await openTestYard();
  admin = await logIn(opened.url, "admin", adminPassword);
  const basic = Buffer.from(`admin:${adminPassword}`).toString("base64");
  const login = await admin.expect("POST", "/login", { headers: { authorization: `Basic ${basic}` } });
  bearer = { authorization: `Bearer ${login.json<{ access_token: string }>().access_token}` };
  key = await startMute("mute");
});
after(() => opened[Symbol.asyncDispose]());

/** Starts an app that tells its key and stays. */
async function startMute(name: string): Promise<string> {
  const command = 'echo "$APP_MESH_PROCESS_KEY"; exec sleep 600';
  await admin.expect("PUT", `/app/${name}`, { body: { command, shell: true } });
  return until(async () => (await admin.expect("GET", `/app/${name}/output`)).text.trim());
}

function task(name: string, query: Record<string, string> = {}): string {
  return `/app/${name}/task?${new URLSearchParams(query)}`;
}

interface Sent {
  readonly status: number;
  readonly type: string | null;
  readonly bytes: Buffer;
}

/** Without a token, and without a guess at the body: bytes go and come as they are. */
async function call(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Sent> {
  const signal = AbortSignal.timeout(30_000);
  const reply = await fetch(`${opened.url}/appmesh${path}`, {
    method,
    body: body && new Uint8Array(body),
    headers,
    signal,
  });
  return {
    status: reply.status,
    type: reply.headers.get("content-type"),
    bytes: Buffer.from(await reply.arrayBuffer()),
  };
}

async function isBusy(name: string): Promise<void> {
  await until(() => opened.yard.apps.messages.stateOf(name).status === "busy");
}

for (const [what, bytes] of [
  ["no byte at all", Buffer.alloc(0)],
  ["text that looks like JSON and is none", Buffer.from('{"a":')],
  ["every byte there is", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ["a mebibyte of noise", randomBytes(1024 * 1024)],
] as const) {
  test(`${what} goes to the worker and back unchanged`, async () => {
    const sent = call("POST", task("mute", { timeout: "30" }), bytes, bearer);
    const fetched = await call("GET", task("mute", { process_key: key }));
    assert.equal(fetched.status, 200);
    assert.deepEqual(fetched.bytes, bytes);
    const replied = await call("PUT", task("mute", { process_key: key }), fetched.bytes);
    assert.deepEqual([replied.status, replied.bytes.length], [200, 0]);
    const answer = await sent;
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, bytes);
  });
}

for (const type of [
  "application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "no type / at all",
]) {
  test(`a message labelled ${type} is bytes all the same`, async () => {
    const headers = { ...bearer, "content-type": type };
    const sent = call("POST", task("mute", { timeout: "30" }), Buffer.from("<&>"), headers);
    assert.equal((await call("GET", task("mute", { process_key: key }))).bytes.toString(), "<&>");
    await call("PUT", task("mute", { process_key: key }), Buffer.from("{}"), { "content-type": type });
    assert.equal((await sent).bytes.toString(), "{}");
  });
}

for (const [agent, type] of [
  ["appmesh/javascript", "application/octet-stream"],
  ["curl/8.0", "text/plain; charset=utf-8"],
] as const) {
  test(`to ${agent} messages and replies are ${type}`, async () => {
    const headers = { ...bearer, "user-agent": agent };
    const sent = call("POST", task("mute", { timeout: "30" }), Buffer.from("hello"), headers);
    const fetched = await call("GET", task("mute", { process_key: key }), undefined, { "user-agent": agent });
    await call("PUT", task("mute", { process_key: key }), Buffer.from("hello"));
    assert.deepEqual([fetched.type, (await sent).type], [type, type]);
  });
}

test("who does not reply in time costs the sender a 408, and the late reply a 400", async () => {
  const sent = admin.request("POST", task("mute", { timeout: "1" }), { body: "hello" });
  await call("GET", task("mute", { process_key: key }));
  assert.equal((await sent).status, 408);
  const late = await call("PUT", task("mute", { process_key: key }), Buffer.from("late"));
  assert.equal(late.status, 400);
  assert.match(late.bytes.toString(), /nobody waits for this reply/);
});

test("a cancelled message is 417 to its sender; without one to cancel it is 208", async () => {
  const sent = admin.request("POST", task("mute"), { body: "hello" });
  await isBusy("mute");
  const cancelled = await admin.request("DELETE", task("mute"));
  assert.deepEqual([cancelled.status, cancelled.text], [200, ""]);
  assert.equal((await sent).status, 417);
  const again = await admin.request("DELETE", task("mute"));
  assert.deepEqual([again.status, again.text], [208, ""]);
});

test("a later message displaces the one that waits, and gets its own reply", async () => {
  const first = admin.request("POST", task("mute"), { body: "first" });
  await call("GET", task("mute", { process_key: key }));
  const second = admin.request("POST", task("mute"), { body: "second" });
  assert.equal((await first).status, 417);
  assert.equal((await call("PUT", task("mute", { process_key: key }), Buffer.from("to first"))).status, 400);
  assert.equal((await call("GET", task("mute", { process_key: key }))).bytes.toString(), "second");
  assert.equal((await call("PUT", task("mute", { process_key: key }), Buffer.from("to second"))).status, 200);
  assert.equal((await second).text, "to second");
});

test("a sender who leaves takes the message along", async () => {
  const leaving = new AbortController();
  const sent = admin.request("POST", task("mute"), { body: "hello", signal: leaving.signal });
  sent.catch(() => {});
  await isBusy("mute");
  leaving.abort();
  await until(() => opened.yard.apps.messages.stateOf("mute").status === "");
});

test("a later fetch displaces the one that waits with 503; a worker that leaves waits no more", async () => {
  const first = call("GET", task("mute", { process_key: key }));
  await until(() => opened.yard.apps.messages.stateOf("mute").status === "idle");
  const leaving = new AbortController();
  const url = `${opened.url}/appmesh${task("mute", { process_key: key })}`;
  const second = fetch(url, { signal: leaving.signal });
  assert.equal((await first).status, 503);
  leaving.abort();
  await assert.rejects(second);
  await until(() => opened.yard.apps.messages.stateOf("mute").status === "");
});

test("a fetch for which no message came in time is 504, so that the worker fetches again", async () => {
  const fetch = mock.method(opened.yard.apps.messages, "fetch", async () => undefined);
  try {
    const reply = await call("GET", task("mute", { process_key: key }));
    assert.deepEqual(
      [reply.status, JSON.parse(reply.bytes.toString())],
      [504, { message: "no message came: fetch again" }],
    );
    assert.equal(fetch.mock.calls[0]?.arguments[2]?.timeoutMs, 290_000, "before the SDKs give up at 300 s");
  } finally {
    fetch.mock.restore();
  }
});

test("without the right key nothing is fetched and nothing replied; HEAD is no fetch", async () => {
  for (const query of [{}, { process_key: "" }, { process_key: "x".repeat(43) }] as Record<string, string>[]) {
    assert.equal((await call("GET", task("mute", query))).status, 400);
    assert.equal((await call("PUT", task("mute", query), Buffer.from("x"))).status, 400);
  }
  const large = Buffer.alloc(9 * 1024 * 1024);
  assert.equal((await call("PUT", task("mute", { process_key: "x" }), large)).status, 400, "the key before the body");
  assert.equal((await call("PUT", task("mute", { process_key: key }), large)).status, 413);
  assert.equal((await call("GET", task("nowhere", { process_key: key }))).status, 404);
  assert.equal((await call("HEAD", task("mute", { process_key: key }))).status, 404);
});

test("a message needs an app, a process, a timeout that is one, and no more than 8 MiB", async () => {
  await admin.expect("PUT", "/app/off", { body: { command: "sleep 600", status: 0 } });
  assert.equal((await admin.request("POST", task("off"), { body: "x" })).status, 400);
  assert.equal((await admin.request("POST", task("nowhere"), { body: "x" })).status, 404);
  const soon = await admin.request("POST", task("mute", { timeout: "soon" }), { body: "x" });
  assert.deepEqual(
    [soon.status, soon.json()],
    [400, { message: "timeout: must be whole seconds or an ISO 8601 duration like PT5M" }],
  );
  const large = await call("POST", task("mute"), Buffer.alloc(8 * 1024 * 1024 + 1), bearer);
  assert.equal(large.status, 413);
  assert.equal(opened.yard.apps.messages.stateOf("mute").status, "");
});

test("the key of a process that was replaced is told to end, by 412", async () => {
  const old = await startMute("renewed");
  await admin.expect("POST", "/app/renewed/disable");
  assert.equal((await call("GET", task("renewed", { process_key: old }))).status, 412);
  assert.equal((await call("PUT", task("renewed", { process_key: old }), Buffer.from("x"))).status, 412);
});

test("a message and its cancelling leave entries on the audit trail", async () => {
  await startMute("watched");
  const sent = admin.request("POST", task("watched", { timeout: "PT1M" }), { body: "hello" });
  await isBusy("watched");
  await admin.expect("DELETE", task("watched"));
  await sent;
  const logged = await until(() => {
    const entries = auditLog(opened.data).filter(
      ({ action, target }) => /message/.test(action) && target === "watched",
    );
    return entries.length >= 2 ? entries : undefined;
  });
  assert.deepEqual(logged.map(({ actor, action, outcome }) => `${actor} ${action} ${outcome}`).sort(), [
    "admin app.message done",
    "admin app.message-cancel done",
  ]);
});
