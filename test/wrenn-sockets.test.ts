/** The WebSockets of a capsule: commands as they print, running ones, terminals. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { quirks } from "../src/apis/wrenn/quirks.ts";
import { askWrenn, type SignedUp } from "../src/apis/wrenn/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { type CapsuleYard, openCapsuleYard, skip } from "./support/capsule-yard.ts";
import { talkTo, typed } from "./support/wrenn-socket.ts";
import type { OpenedYard } from "./support/yard-in-process.ts";

let yard: CapsuleYard;
let opened: OpenedYard;
let alice: SignedUp;
let mallory: SignedUp;
let capsule: string;

before(async () => {
  if (skip) return;
  yard = await openCapsuleYard();
  ({ opened, alice, mallory, capsule } = yard);
});
after(() => yard?.[Symbol.asyncDispose]());

const talk = (path: string, headers: Record<string, string> = { "x-api-key": alice.key }) =>
  talkTo(opened.url, `${capsule}${path}`, headers);

const shell = (script: string) => ({ type: "start", cmd: "/bin/sh", args: ["-c", script] });
const exec = (body: object) =>
  askWrenn<{ pid: number; tag: string; exit_code: number }>(opened.url, "POST", `/v1/capsules/${capsule}/exec`, {
    key: alice.key,
    body,
  });
const run = (script: string) => exec({ cmd: "/bin/sh", args: ["-c", script] });

test("a stream says the pid, all output, the exit code, and goodbye", { skip }, async () => {
  const stream = await talk("/exec/stream");
  stream.send(shell("echo a; echo b >&2; echo c; exit 4"));
  assert.equal(await stream.closed, 1000);
  assert.ok((stream.frames[0]?.pid ?? 0) > 0);
  assert.equal(stream.frames[0]?.type, "start");
  assert.deepEqual(stream.frames.at(-1), { type: "exit", exit_code: 4 });
  assert.deepEqual([stream.text("stdout"), stream.text("stderr")], ["a\nc\n", "b\n"]);
});

test("a stream of a program that succeeds says exit code 0", { skip }, async () => {
  const stream = await talk("/exec/stream");
  stream.send({ type: "start", cmd: "true", envs: { A: "1" }, cwd: "/tmp" });
  await stream.closed;
  assert.deepEqual(stream.frames.at(-1), { type: "exit", exit_code: 0 });
});

test("characters that come in pieces stay whole, and what is none becomes U+FFFD", { skip }, async () => {
  const stream = await talk("/exec/stream");
  stream.send(shell("printf '\\303'; sleep 0.2; printf '\\251\\377'"));
  await stream.closed;
  assert.equal(stream.text("stdout"), "é\ufffd");
});

test("large output comes whole, in frames of at most 32 KiB", { skip }, async () => {
  const stream = await talk("/exec/stream");
  stream.send(shell("head -c 3000000 /dev/zero | tr '\\0' x"));
  await stream.closed;
  assert.equal(stream.text("stdout").length, 3_000_000);
  assert.ok(stream.frames.every(({ data = "" }) => data.length <= 32 * 1024));
});

test("stop ends the command; leaving does not", { skip }, async () => {
  const stopped = await talk("/exec/stream");
  stopped.send(shell("echo go; sleep 300"));
  await stopped.frame("stdout");
  stopped.send({ type: "stop" });
  assert.equal(await stopped.closed, 1000);
  assert.deepEqual(stopped.frames.at(-1), { type: "exit", exit_code: -1 });

  const left = await talk("/exec/stream");
  left.send(shell("echo go; while [ ! -e /tmp/left ]; do sleep 0.02; done; touch /tmp/lived"));
  await left.frame("stdout");
  left.socket.terminate();
  await left.closed;
  await run("touch /tmp/left");
  await until(async () => (await run("ls /tmp/lived")).json.exit_code === 0);
});

for (const [what, first] of [
  ["no JSON", "{"],
  ["another type", JSON.stringify({ type: "hello" })],
  ["an empty command", JSON.stringify({ type: "start", cmd: "" })],
  ["a program that there is not", JSON.stringify({ type: "start", cmd: "/no/such" })],
  ["a directory that there is not", JSON.stringify({ type: "start", cmd: "true", cwd: "/no/such" })],
] as const) {
  test(`${what} as the first frame is told, and ends the stream`, { skip }, async () => {
    for (const [path, extra] of [
      ["/exec/stream", {}],
      ["/pty", { fatal: true }],
    ] as const) {
      if (path === "/pty" && what === "an empty command") continue; // the usual one
      const stream = await talk(path);
      stream.socket.send(first);
      assert.equal(await stream.closed, 1000);
      const [{ data, ...rest } = { data: "" }] = stream.frames;
      assert.deepEqual([stream.frames.length, rest], [1, { type: "error", ...extra }]);
      assert.ok(data);
    }
  });
}

test("a running command is heard from now on, by several, and leaving does nothing to it", { skip }, async () => {
  const script = "echo past; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo now; exit 6";
  const { json } = await exec({ cmd: "/bin/sh", args: ["-c", script], background: true, tag: "heard" });
  await until(async () => (await run("pgrep -f 'echo past'")).json.exit_code === 0);
  const listeners = [await talk("/processes/heard/stream"), await talk(`/processes/${json.pid}/stream`)];
  const leaver = await talk("/processes/heard/stream");
  for (const one of [...listeners, leaver])
    assert.deepEqual(await one.frame("start"), { type: "start", pid: json.pid });
  leaver.socket.close();
  listeners[0]?.send({ type: "stop" }); // not understood here
  await run("touch /tmp/go");
  for (const one of listeners) {
    assert.equal(await one.closed, 1000);
    assert.equal(one.text("stdout"), "now\n");
    assert.deepEqual(one.frames.at(-1), { type: "exit", exit_code: 6 });
  }
});

test("a command that there is not is told, and the socket closed", { skip }, async () => {
  for (const selector of ["nobody", "4000000"]) {
    const stream = await talk(`/processes/${selector}/stream`);
    assert.equal(await stream.closed, 1000);
    assert.equal(stream.frames[0]?.type, "error");
  }
});

test("a terminal starts, takes input and sizes, and is come back to", { skip }, async () => {
  const first = await talk("/pty");
  first.send({ type: "start", cmd: "/bin/sh", cols: 100, rows: 30, envs: { PS1: "$ " }, user: "somebody" });
  const started = await first.frame("started");
  assert.equal(first.frames[0]?.type, "started");
  assert.match(started.tag ?? "", /^pty-[0-9a-f]{8}$/);
  first.send(typed("stty size\n"));
  await until(() => first.text("output").includes("30 100\r\n"));
  first.send({ type: "resize", cols: 0, rows: 50 }); // ignored
  first.send({ type: "resize", cols: 120, rows: 40 });
  first.send({ type: "input", data: "!" }); // no base64: ignored
  first.socket.send("nonsense");
  first.send({ type: "pong" });
  first.send(typed("stty size\n"));
  await until(() => first.text("output").includes("40 120\r\n"));
  first.socket.terminate();

  const second = await talk("/pty");
  second.send({ type: "connect", tag: started.tag, cols: 1, rows: 1 });
  assert.deepEqual(await second.frame("started"), started);
  second.send(typed("echo still $((1+1))\n"));
  await until(() => second.text("output").includes("still 2\r\n"));
  assert.ok(!second.text("output").includes("30 100"));
  const third = await talk("/pty");
  third.send({ type: "connect", tag: started.tag });
  await third.frame("started");
  second.send({ type: "kill" });
  for (const one of [second, third]) {
    assert.deepEqual(await one.frame("exit"), { type: "exit", exit_code: -1 });
    assert.equal(await one.closed, 1000);
  }
  const late = await talk("/pty");
  late.send({ type: "connect", tag: started.tag });
  assert.equal(await late.closed, 1000);
  assert.equal(late.frames[0]?.fatal, true);
});

test("what is typed arrives in order, however fast", { skip }, async () => {
  const terminal = await talk("/pty");
  terminal.send({ type: "start", cmd: "/bin/sh", args: ["-c", "stty raw -echo; echo ready; head -c 20000"] });
  await until(() => terminal.text("output").includes("ready"));
  const text = Array.from({ length: 2_000 }, (_, i) => String(i).padStart(9, "0").concat(" ")).join("");
  for (let at = 0; at < text.length; at += 7) terminal.send(typed(text.slice(at, at + 7)));
  await terminal.closed;
  assert.equal(terminal.text("output").replace(/^ready\r?\n/, ""), text);
});

test("a terminal's usual program is a shell of 80 by 24", { skip }, async () => {
  const terminal = await talk("/pty");
  terminal.send({ type: "start", cols: 0, rows: 0 });
  terminal.send(typed("stty size; exit 3\n"));
  await terminal.closed;
  assert.match(terminal.text("output"), /24 80\r\n/);
  assert.deepEqual(terminal.frames.at(-1), { type: "exit", exit_code: 3 });
});

test(`a terminal's bytes are ${quirks.terminalBytes.document} by the document, and ${quirks.terminalBytes.client} for the SDK that sends them so`, {
  skip,
}, async () => {
  const key = { "x-api-key": alice.key };
  const readers: Record<string, string>[] = [{ ...key, "user-agent": "python-httpx/0.28.1" }, key];
  for (const headers of readers) {
    const binary = await talk("/pty", headers);
    binary.send({ type: "start", cmd: "/bin/sh" });
    binary.socket.send(Buffer.from("echo $((40+2)); exit\n"));
    await binary.closed;
    assert.match(Buffer.concat(binary.binary).toString(), /42\r\n/);
    if (headers["user-agent"]) assert.equal(binary.text("output"), "");
    const base64 = await talk("/pty", headers);
    base64.send({ type: "start", cmd: "/bin/sh" });
    base64.send(typed("echo $((40+2)); exit\n"));
    await base64.closed;
    assert.match(base64.text("output"), /42\r\n/);
    assert.equal(base64.binary.length, 0);
  }
});

test("the SDK hears also a terminal that it types nothing into", { skip }, async () => {
  const terminal = await talk("/pty", { "x-api-key": alice.key, "user-agent": "python-httpx/0.28.1" });
  terminal.send({ type: "start", cmd: "echo", args: ["alone"] });
  await terminal.closed;
  assert.match(terminal.text("output"), /alone\r\n/);
});

test("browsers show their token in the first frame, and nothing else will do", { skip }, async () => {
  const browser = await talk("/exec/stream", {});
  browser.send({ type: "auth", token: alice.token });
  browser.send({ type: "start", cmd: "echo", args: ["hello"] });
  await browser.closed;
  assert.equal(browser.text("stdout"), "hello\n");

  const first = [
    { type: "start", cmd: "true" },
    { type: "auth", token: "wrong" },
    { type: "auth", token: alice.key },
  ];
  for (const frame of first) {
    const stranger = await talk("/pty", {});
    stranger.send(frame);
    assert.equal(await stranger.closed, 1000);
    assert.deepEqual(stranger.frames, [{ type: "error", data: "authentication failed", fatal: true }]);
  }
});

test("a credential that is shown with the request must be good", { skip }, async () => {
  const url = (id: string) => `${opened.url.replace("http", "ws")}/v1/capsules/${id}/pty`;
  for (const [id, headers, status] of [
    [capsule, { "x-api-key": "wrn_00000000000000000000000000000000" }, 401],
    [capsule, { authorization: "Bearer nonsense" }, 401],
    [capsule.slice(1), { "x-api-key": alice.key }, 400],
  ] as const) {
    const [, response] = await once(new WebSocket(url(id), { headers }), "unexpected-response");
    assert.equal(response.resume().statusCode, status);
  }
});

test("a socket ends soon after what let it in", { skip }, async () => {
  const created = await askWrenn<{ id: string; key: string }>(opened.url, "POST", "/v1/api-keys", {
    token: alice.token,
    body: { name: "short-lived" },
  });
  const terminal = await talk("/pty", { "x-api-key": created.json.key });
  terminal.send({ type: "start", cmd: "/bin/sh" });
  await terminal.frame("started");
  const lasting = await talk("/exec/stream");
  lasting.send(shell("echo on; sleep 300"));
  await lasting.frame("stdout");
  await askWrenn(opened.url, "DELETE", `/v1/api-keys/${created.json.id}`, { token: alice.token });
  assert.equal(await terminal.closed, 1000);
  assert.deepEqual([terminal.frames.at(-1)?.type, terminal.frames.at(-1)?.fatal], ["error", true]);
  assert.equal(lasting.socket.readyState, WebSocket.OPEN);
  lasting.send({ type: "stop" });
  await lasting.closed;
});

test("another team's capsule is not there", { skip }, async () => {
  for (const path of ["/exec/stream", "/processes/1/stream", "/pty"]) {
    const stranger = await talk(path, { "x-api-key": mallory.key });
    stranger.send(path === "/pty" ? { type: "start" } : { type: "start", cmd: "touch", args: ["/tmp/mallory"] });
    assert.equal(await stranger.closed, 1000);
    assert.deepEqual([stranger.frames.length, stranger.frames[0]?.type], [1, "error"]);
  }
  assert.equal((await run("ls /tmp/mallory")).json.exit_code, 2);
});

test("who does not read holds back only itself, and the yard stays small", { skip }, async () => {
  const before = process.memoryUsage().rss;
  const slow = await talk("/exec/stream");
  slow.send(shell("yes & sleep 1; kill $!; touch /tmp/over"));
  await slow.frame("stdout");
  slow.socket.pause();
  await until(async () => (await run("ls /tmp/over")).json.exit_code === 0);
  const quick = await run("echo quick");
  assert.equal(quick.status, 200);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 100 * 1024 * 1024, `grew by ${grown} bytes`);
  slow.socket.terminate();
});
