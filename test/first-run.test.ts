/** What a newcomer does first, and what must still be there after the server was stopped and started. */
import assert from "node:assert/strict";
import test from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { appMesh, logIn } from "./support/appmesh.ts";
import { openHome } from "./support/home.ts";
import { seenProcesses } from "./support/processes.ts";
import { adminPassword, startYard } from "./support/yard-process.ts";

test("curl logs in and runs a command that prints hello and exits with 3", async () => {
  await using yard = await startYard();
  const api = await logIn(yard.url, "admin", adminPassword);
  const reply = await api.expect("POST", "/app/syncrun", { body: { command: "echo hello; exit 3", shell: true } });
  assert.equal(reply.text, "hello\n");
  assert.equal(reply.headers.get("x-exit-code"), "3");
  assert.equal(reply.headers.get("x-output-position"), "6");
  assert.match(reply.headers.get("content-type") ?? "", /^text\/plain; *charset=utf-8$/i);
});

test("a start that fails at a taken port says so, and leaves no agent behind", async () => {
  await using yard = await startYard();
  using home = openHome();
  const ended = await home.runyard(["serve", "--listen", new URL(yard.url).host, "--examples", "true"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /another program listens there already/);
  assert.deepEqual(
    seenProcesses().filter(({ state, command }) => state !== "Z" && command.includes(home.path)),
    [],
  );
});

test("an app, a temporary run, their output and a session outlive a restart of the server", async () => {
  await using yard = await startYard();
  const first = await logIn(yard.url, "admin", adminPassword);
  const token = (await login(yard.url)).access_token;
  await first.expect("PUT", "/app/ticker", {
    body: { name: "ticker", shell: true, command: "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done" },
  });
  const run = (await first.expect("POST", "/app/run", { body: { command: "sleep 300" } })).json<{
    name: string;
    process_uuid: string;
  }>();
  const before = (await first.expect("GET", "/app/ticker")).json<{ pid: number }>();

  assert.equal((await yard.stop("SIGTERM")).code, 0);
  await yard.start();

  const again = appMesh(() => yard.url, token);
  const after = (await again.expect("GET", "/app/ticker")).json<{ pid: number; starts: number }>();
  assert.equal(after.pid, before.pid);
  assert.equal(after.starts, 1);
  const kept = (await again.expect("GET", `/app/${run.name}`)).json<{ status: number; pid: number }>();
  assert.equal(kept.status, 2);
  assert.ok(kept.pid > 0);
  const output = (await again.expect("GET", "/app/ticker/output")).text.trim().split("\n").map(Number);
  assert.deepEqual(
    output,
    output.map((_, index) => index + 1),
  );
});

test("an app whose exit behaviour is restart is started again while the control plane is away", async () => {
  await using yard = await startYard();
  const api = await logIn(yard.url, "admin", adminPassword);
  await api.expect("PUT", "/app/phoenix", {
    body: { name: "phoenix", command: "sleep 300", behavior: { exit: "restart" } },
  });
  const before = (await api.expect("GET", "/app/phoenix")).json<{ pid: number }>();
  await yard.kill();
  process.kill(before.pid, "SIGKILL");
  await yard.start();
  const again = await logIn(yard.url, "admin", adminPassword);
  await until(async () => (await again.expect("GET", "/app/phoenix")).json<{ starts: number }>().starts === 2, {
    timeoutMs: 10_000,
  });
  const after = (await again.expect("GET", "/app/phoenix")).json<{ pid: number; return_code: number }>();
  assert.notEqual(after.pid, before.pid);
  assert.equal(after.return_code, 9, "the true signal of what ended meanwhile");
});

test("Ctrl-C stops the local agent and what it runs, SIGTERM leaves them", async () => {
  await using yard = await startYard();
  const api = await logIn(yard.url, "admin", adminPassword);
  await api.expect("PUT", "/app/sleeper", { body: { name: "sleeper", command: "sleep 300" } });
  const { pid } = (await api.expect("GET", "/app/sleeper")).json<{ pid: number }>();
  const agent = yard.agentPid()!;
  assert.equal((await yard.stop("SIGTERM")).code, 0);
  assert.ok(isAlive(pid) && isAlive(agent));
  await yard.start();
  assert.equal((await yard.stop("SIGINT")).code, 0);
  await until(async () => !isAlive(pid) && !isAlive(agent));
});

async function login(url: string): Promise<{ access_token: string }> {
  const basic = Buffer.from(`admin:${adminPassword}`).toString("base64");
  return (
    await fetch(`${url}/appmesh/login`, { method: "POST", headers: { authorization: `Basic ${basic}` } })
  ).json() as Promise<{ access_token: string }>;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
