import assert from "node:assert/strict";
import { test } from "node:test";
import { createMailbox, type Mailbox } from "./mailbox.ts";

const a = Buffer.from("a");
const b = Buffer.from("b");
const longMs = 60_000;

function send(mailbox: Mailbox, bytes: Buffer, timeoutMs?: number) {
  const sender = new AbortController();
  const reply = mailbox.send(bytes, { timeoutMs, signal: sender.signal });
  reply.catch(() => {}); // each test says what it expects
  return { reply, leave: () => sender.abort() };
}

function fetch(mailbox: Mailbox, runId: string, timeoutMs = longMs) {
  const worker = new AbortController();
  const request = mailbox.fetch(runId, { timeoutMs, signal: worker.signal });
  request.catch(() => {});
  return { request, leave: () => worker.abort() };
}

test("a request is fetched, replied to and gone", async () => {
  const mailbox = createMailbox("echo");
  assert.deepEqual(mailbox.state, { count: 0, status: "" });
  const { reply } = send(mailbox, a);
  assert.deepEqual(mailbox.state, { count: 1, status: "busy" });
  assert.equal(await fetch(mailbox, "run").request, a);
  assert.equal(mailbox.reply("run", b), true);
  assert.equal(await reply, b);
  assert.deepEqual(mailbox.state, { count: 1, status: "" });
  assert.equal(mailbox.reply("run", b), false, "one request has one reply");
});

test("a worker that waits gets the next request", async () => {
  const mailbox = createMailbox("echo");
  const { request } = fetch(mailbox, "run");
  assert.equal(mailbox.state.status, "idle");
  const { reply } = send(mailbox, a);
  assert.equal(await request, a);
  assert.equal(mailbox.reply("run", b), true);
  assert.equal(await reply, b);
});

test("fetching does not consume: the process after the one that died gets the same request, and only its reply counts", async () => {
  const mailbox = createMailbox("echo");
  const { reply } = send(mailbox, a);
  await fetch(mailbox, "first").request;
  assert.equal(await fetch(mailbox, "second").request, a);
  assert.equal(mailbox.reply("first", b), false);
  assert.equal(mailbox.reply("second", b), true);
  assert.equal(await reply, b);
});

test("a later request displaces the pending one, and the reply to that one does not answer it", async () => {
  const mailbox = createMailbox("echo");
  const first = send(mailbox, a);
  await fetch(mailbox, "run").request;
  const second = send(mailbox, b);
  await assert.rejects(first.reply, { code: "interrupted" });
  assert.equal(mailbox.reply("run", a), false);
  assert.equal(mailbox.state.status, "busy");
  assert.equal(await fetch(mailbox, "run").request, b);
  assert.equal(mailbox.reply("run", b), true);
  assert.equal(await second.reply, b);
});

test("a request whose sender has left is withdrawn, and the reply to it does not answer the next", async () => {
  const mailbox = createMailbox("echo");
  const first = send(mailbox, a);
  await fetch(mailbox, "run").request;
  first.leave();
  await assert.rejects(first.reply, { code: "interrupted" });
  assert.equal(mailbox.state.status, "");
  const second = send(mailbox, b);
  assert.equal(mailbox.reply("run", a), false);
  second.leave();
});

test("a sender who had left before is not waited for", async () => {
  const mailbox = createMailbox("echo");
  await assert.rejects(mailbox.send(a, { signal: AbortSignal.abort() }), { code: "interrupted" });
  assert.equal(mailbox.state.status, "");
});

test("a request without a reply in time fails, and is withdrawn", async () => {
  const mailbox = createMailbox("echo");
  const { reply } = send(mailbox, a, 5);
  await assert.rejects(reply, { code: "timeout", message: "echo has not replied within 0.005 s" });
  assert.equal(mailbox.state.status, "");
});

test("the pending request can be interrupted, once", async () => {
  const mailbox = createMailbox("echo");
  const { reply } = send(mailbox, a);
  assert.equal(mailbox.interrupt("enough"), true);
  await assert.rejects(reply, { code: "interrupted", message: "enough" });
  assert.equal(mailbox.interrupt("enough"), false);
});

test("a later fetch displaces the waiting one, and alone gets the request", async () => {
  const mailbox = createMailbox("echo");
  const first = fetch(mailbox, "run");
  const second = fetch(mailbox, "run");
  await assert.rejects(first.request, { code: "unavailable" });
  first.leave(); // takes nothing from the second
  assert.equal(mailbox.state.status, "idle");
  const { leave } = send(mailbox, a);
  assert.equal(await second.request, a);
  leave();
});

test("a fetch ends without a request when the time has passed or the worker has left", async () => {
  const mailbox = createMailbox("echo");
  assert.equal(await fetch(mailbox, "run", 5).request, undefined);
  const { request, leave } = fetch(mailbox, "run");
  leave();
  assert.equal(await request, undefined);
  assert.equal(mailbox.state.status, "");
  assert.equal(await mailbox.fetch("run", { timeoutMs: longMs, signal: AbortSignal.abort() }), undefined);
});

test("a waiting worker whose process was replaced is sent away, that of the present process stays", async () => {
  const mailbox = createMailbox("echo");
  const { request } = fetch(mailbox, "first");
  mailbox.admitOnly("first");
  assert.equal(mailbox.state.status, "idle");
  mailbox.admitOnly("second");
  await assert.rejects(request, { code: "precondition" });
  assert.equal(mailbox.state.status, "");
});
