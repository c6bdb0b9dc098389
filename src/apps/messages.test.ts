import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import type { AppDefinition } from "./app.ts";
import type { Actor } from "./parts.ts";
import { openTestYard, pidOf, script, type TestYard } from "./testing.ts";

let yard: TestYard;
let ann: Actor;
let bob: Actor;
let eve: Actor;
before(async () => {
  yard = await openTestYard();
  ann = await yard.addUser("ann", ["red"]);
  bob = await yard.addUser("bob", ["red"]);
  eve = await yard.addUser("eve", ["blue"]);
});
after(() => yard[Symbol.asyncDispose]());

const hello = Buffer.from("hello");
const staying = () => ({ signal: new AbortController().signal });
const patient = () => ({ timeoutMs: 60_000, signal: new AbortController().signal });

/** Tells its secret on its output, and stays. */
const worker = (changes: Partial<AppDefinition> = {}) => script('echo "$APP_SECRET"; exec sleep 300', changes);

/** Starts the app, and returns the secret of its process. */
async function start(name: string, changes: Partial<AppDefinition> = {}): Promise<string> {
  await yard.apps.put(ann, name, worker(changes), { enabled: true });
  return secretOf(name);
}

function secretOf(name: string): Promise<string> {
  return until(async () => {
    const { bytes } = await yard.apps.output(ann, name, { position: 0, maxBytes: 100 });
    return bytes.toString().endsWith("\n") ? bytes.toString().trim() : "";
  });
}

function send(actor: Actor, name: string, bytes: Buffer = hello): Promise<Buffer> {
  const reply = yard.apps.messages.send(actor, name, bytes, staying());
  reply.catch(() => {}); // each test says what it expects
  return reply;
}

async function isPending(name: string): Promise<void> {
  await until(() => yard.apps.messages.stateOf(name).status === "busy");
}

test("a message reaches the app's process by its secret, and the reply its sender", async () => {
  const secret = await start("echo");
  const { messages } = yard.apps;
  const reply = send(ann, " echo ");
  assert.deepEqual(await messages.fetch("echo", secret, patient()), hello);
  assert.deepEqual(messages.stateOf("echo"), { count: 1, status: "busy" });
  messages.reply("echo", secret, Buffer.from("world"));
  assert.equal((await reply).toString(), "world");
  assert.deepEqual(messages.stateOf("echo"), { count: 1, status: "" });
  assert.throws(() => messages.reply("echo", secret, hello), { code: "invalid" });
  await yard.apps.remove(ann, "echo");
});

test("without the secret of a process of that very app nothing is fetched and nothing replied", async () => {
  const [, other] = [await start("locked"), await start("neighbour")];
  const { messages } = yard.apps;
  const reply = send(ann, "locked");
  await isPending("locked");
  for (const wrong of ["", "x", other, "ä".repeat(43)]) {
    await assert.rejects(messages.fetch("locked", wrong, patient()), { code: "invalid" });
    assert.throws(() => messages.reply("locked", wrong, hello), { code: "invalid" });
  }
  await assert.rejects(messages.fetch("nowhere", other, patient()), { code: "not_found" });
  assert.equal(await messages.cancel(ann, "locked"), true);
  await assert.rejects(reply, { code: "interrupted" });
  await yard.apps.remove(ann, "locked");
  await yard.apps.remove(ann, "neighbour");
});

test("only who may change the app may send and cancel, also once the app's sharing is known", async () => {
  await start("shared", { sharing: { team: "write", others: "read" } });
  const { messages } = yard.apps;
  for (const round of ["from the database", "from memory"]) {
    await assert.rejects(send(eve, "shared"), { code: "forbidden" }, round);
    await assert.rejects(messages.cancel(eve, "shared"), { code: "forbidden" }, round);
    const reply = send(bob, "shared");
    await isPending("shared");
    assert.equal(await messages.cancel(ann, "shared"), true);
    await assert.rejects(reply, { code: "interrupted", message: /ann cancelled/ }, round);
    assert.equal(await messages.cancel(bob, "shared"), false);
  }
  await yard.apps.put(ann, "shared", worker({ sharing: { team: "none", others: "write" } }), { enabled: true });
  await assert.rejects(send(bob, "shared"), { code: "forbidden" });
  await assert.rejects(send(ann, "nowhere"), { code: "not_found" });
  await assert.rejects(messages.cancel(ann, "nowhere"), { code: "not_found" });
  await yard.apps.remove(ann, "shared");
});

test("an app that was never started, could not be started, or is disabled takes no message", async () => {
  await yard.apps.put(ann, "idle", worker(), { enabled: false });
  await assert.rejects(send(ann, "idle"), { code: "invalid" });
  await yard.apps.put(ann, "idle", worker({ workingDirectory: "/nowhere" }), { enabled: true });
  await assert.rejects(send(ann, "idle"), { code: "invalid" });
  assert.deepEqual(yard.apps.messages.stateOf("idle"), { count: 0, status: "" });
  await yard.apps.remove(ann, "idle");
});

test("a request outlives the process that fetched it, and its successor replies", async () => {
  const first = await start("phoenix", { exit: { action: "keepalive", byCode: {} } });
  const { messages } = yard.apps;
  const waiting = messages.fetch("phoenix", first, patient());
  const reply = send(ann, "phoenix");
  await waiting;
  process.kill(pidOf(await yard.apps.get(ann, "phoenix")), "SIGKILL");
  await until(async () => (await yard.apps.get(ann, "phoenix")).runtime.starts === 2);
  const second = await secretOf("phoenix");
  assert.throws(() => messages.reply("phoenix", first, hello), { code: "precondition" });
  assert.deepEqual(await messages.fetch("phoenix", second, patient()), hello);
  messages.reply("phoenix", second, Buffer.from("risen"));
  assert.equal((await reply).toString(), "risen");
  await yard.apps.remove(ann, "phoenix");
});

test("a request that nobody has fetched waits for the next process", async () => {
  await start("later", { exit: { action: "standby", byCode: {} } });
  process.kill(pidOf(await yard.apps.get(ann, "later")), "SIGKILL");
  await until(async () => (await yard.apps.get(ann, "later")).runtime.lastEnded);
  const reply = send(ann, "later");
  await isPending("later");
  assert.equal(await yard.apps.messages.cancel(ann, "later"), true);
  await assert.rejects(reply, { code: "interrupted" });
  await yard.apps.remove(ann, "later");
});

for (const [act, end] of [
  ["disabled", () => yard.apps.disable(ann, "ended")],
  ["replaced", () => yard.apps.put(ann, "ended", worker(), { enabled: true })],
  ["removed", () => yard.apps.remove(ann, "ended")],
] as const) {
  test(`when the app is ${act}, its sender is told and its waiting worker sent away`, async () => {
    const secret = await start("ended");
    const { messages } = yard.apps;
    const fetched = messages.fetch("ended", secret, patient());
    await until(() => messages.stateOf("ended").status === "idle");
    const reply = send(ann, "ended");
    await fetched;
    const waiting = messages.fetch("ended", secret, patient());
    assert.equal(await waiting, await fetched, "the same request again");
    await end();
    await assert.rejects(reply, { code: "interrupted" });
    assert.equal(messages.stateOf("ended").status, "");
    if (await yard.apps.has("ended")) await yard.apps.remove(ann, "ended");
  });
}

test("when the app's time window ends, its sender is told", async () => {
  await start("closing", { window: { until: Date.now() + 1_500 } });
  const reply = send(ann, "closing");
  await isPending("closing");
  await assert.rejects(reply, { code: "interrupted" });
  await assert.rejects(send(ann, "closing"), { code: "invalid" });
  await yard.apps.remove(ann, "closing");
});

test("a worker that waits while its app is disabled is told that it has nothing more to do", async () => {
  const secret = await start("waiting");
  const fetched = yard.apps.messages.fetch("waiting", secret, patient());
  fetched.catch(() => {});
  await until(() => yard.apps.messages.stateOf("waiting").status === "idle");
  await yard.apps.disable(ann, "waiting");
  await assert.rejects(fetched, { code: "precondition" });
  await assert.rejects(yard.apps.messages.fetch("waiting", secret, patient()), { code: "precondition" });
  await yard.apps.remove(ann, "waiting");
});

test("a reply to a request of an earlier control plane is refused, never handed to a later sender", async () => {
  const secret = await start("steady");
  const before = send(ann, "steady");
  await yard.apps.messages.fetch("steady", secret, patient());
  assert.equal(await yard.apps.messages.cancel(ann, "steady"), true);
  await assert.rejects(before, { code: "interrupted" });

  const { messages } = await yard.restart();
  const after = send(ann, "steady", Buffer.from("another"));
  await isPending("steady");
  assert.throws(() => messages.reply("steady", secret, Buffer.from("to hello")), { code: "invalid" });
  assert.equal((await messages.fetch("steady", secret, patient()))?.toString(), "another");
  messages.reply("steady", secret, Buffer.from("to another"));
  assert.equal((await after).toString(), "to another");
  await yard.apps.remove(ann, "steady");
});
