/** Commands in a capsule through Wrenn's API: waited for, in the background, listed and killed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AnyBody, askWrenn, type SignedUp } from "../src/apis/wrenn/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { type CapsuleYard, openCapsuleYard, skip } from "./support/capsule-yard.ts";
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

interface Exec {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit_code: number;
  readonly encoding: string;
  readonly pid: number;
  readonly tag: string;
  readonly error: AnyBody["error"];
}

const ask = <Body = AnyBody>(method: string, path: string, body?: unknown) =>
  askWrenn<Body>(opened.url, method, `/v1/capsules/${capsule}${path}`, { key: alice.key, body });
const exec = (body: unknown) => ask<Exec>("POST", "/exec", body);
const shell = (script: string) => ({ cmd: "/bin/sh", args: ["-c", script] });
const list = async () => {
  const { json } = await ask<{ processes: { pid: number; tag?: string; cmd: string; args?: string[] }[] }>(
    "GET",
    "/processes",
  );
  return json.processes;
};

test("a command is answered with its outputs and its exit code", { skip }, async () => {
  const { status, json } = await exec(shell("echo out; echo err >&2; exit 3"));
  assert.equal(status, 200);
  const { duration_ms, ...rest } = json as Exec & { duration_ms: number };
  assert.ok(Number.isInteger(duration_ms));
  assert.deepEqual(rest, {
    ...{ sandbox_id: capsule, cmd: "/bin/sh", stdout: "out\n", stderr: "err\n", exit_code: 3, encoding: "utf-8" },
  });
});

test("a command has its variables, its directory and what tells it where it runs", { skip }, async () => {
  const script = 'echo "$A $PWD $HOME $USER $LOGNAME $WRENN_SANDBOX $WRENN_SANDBOX_ID $WRENN_TEMPLATE_ID"';
  const { json } = await exec({ ...shell(script), envs: { A: "b" }, cwd: "/tmp" });
  assert.equal(json.stdout, `b /tmp /root root root true ${capsule} minimal\n`);
  assert.equal(
    (await exec({ ...shell("echo $WRENN_SANDBOX"), envs: { WRENN_SANDBOX: "mine" } })).json.stdout,
    "mine\n",
  );
});

test("output that is no UTF-8 makes both base64", { skip }, async () => {
  const { json } = await exec(shell("printf '\\377'; printf é >&2"));
  assert.deepEqual([json.stdout, json.stderr, json.encoding], ["/w==", "w6k=", "base64"]);
});

for (const [cmd, code] of [
  ["no-such-program", 127],
  ["/etc/passwd", 126],
] as const) {
  test(`${cmd} is answered with exit code ${code}, as a shell has it`, { skip }, async () => {
    const { status, json } = await exec({ cmd });
    assert.deepEqual([status, json.exit_code, json.stdout], [200, code, ""]);
    assert.match(json.stderr, /Cannot run/);
  });
}

test("a command that takes too long is killed: 502 agent_error", { skip }, async () => {
  const begun = performance.now();
  const { status, json } = await exec({ ...shell("sleep 300"), timeout_sec: 1 });
  assert.deepEqual([status, json.error.code], [502, "agent_error"]);
  assert.ok(performance.now() - begun < 20_000);
  await until(async () => (await list()).length === 0);
});

test("a command whose client leaves goes on", { skip }, async () => {
  const leaving = new AbortController();
  const url = `${opened.url}/v1/capsules/${capsule}/exec`;
  const headers = { "x-api-key": alice.key, "content-type": "application/json" };
  const body = JSON.stringify(shell("touch /tmp/begun; sleep 1; touch /tmp/done"));
  const left = fetch(url, { method: "POST", headers, body, signal: leaving.signal }).catch(() => "left");
  await until(async () => (await exec({ cmd: "ls", args: ["/tmp/begun"] })).json.exit_code === 0);
  leaving.abort();
  assert.equal(await left, "left");
  await until(async () => (await exec({ cmd: "ls", args: ["/tmp/done"] })).json.exit_code === 0);
});

test("more output than is answered is 413, and says what to do", { skip }, async () => {
  const { status, json } = await exec({ ...shell("head -c 70000000 /dev/zero"), timeout_sec: 120 });
  assert.deepEqual([status, json.error.code], [413, "too_large"]);
  assert.match(json.error.message, /Stream its output/);
});

for (const { what, body, says } of [
  { what: "no command", body: {}, says: /cmd/ },
  { what: "an empty command", body: { cmd: "" }, says: /cmd/ },
  { what: "a command of another type", body: { cmd: 3 }, says: /cmd/ },
  { what: "arguments that are no texts", body: { cmd: "true", args: [1] }, says: /args/ },
  { what: "a NUL in an argument", body: { cmd: "true", args: ["\0"] }, says: /args/ },
  { what: "a variable with a = in its name", body: { cmd: "true", envs: { "A=": "" } }, says: /envs/ },
  { what: "a variable that is no text", body: { cmd: "true", envs: { A: 1 } }, says: /envs/ },
  { what: "a directory that there is not", body: { cmd: "true", cwd: "/no/such" }, says: /cwd/ },
  { what: "another's home directory", body: { cmd: "true", cwd: "~root" }, says: /cwd/ },
  { what: "a time that is no 32-bit number", body: { cmd: "true", timeout_sec: 2 ** 31 }, says: /timeout_sec/ },
  { what: "a fraction of a second", body: { cmd: "true", timeout_sec: 0.5 }, says: /timeout_sec/ },
  { what: "no JSON", body: "{", says: /JSON/ },
  { what: "an empty body", body: "", says: /./ },
  { what: "a program in the background that there is not", body: { cmd: "nope", background: true }, says: /cmd/ },
]) {
  test(`${what} is refused with 400, and starts nothing`, { skip }, async () => {
    const { status, json } = await exec(body);
    assert.deepEqual([status, json.error.code], [400, "invalid_request"]);
    assert.match(json.error.message, says);
    assert.deepEqual(await list(), []);
  });
}

test("commands in the background are listed until they are killed, by pid or by tag", { skip }, async () => {
  const tagged = await exec({ ...shell("sleep 300"), background: true, tag: "web", timeout_sec: 1 });
  assert.deepEqual([tagged.status, tagged.json.tag], [202, "web"]);
  const other = await exec({ cmd: "sleep", args: ["300"], background: true });
  assert.match(other.json.tag, /^proc-[0-9a-f]{8}$/);
  const [first, second, ...others] = await list();
  assert.deepEqual(
    [first, second],
    [
      { pid: tagged.json.pid, tag: "web", cmd: "/bin/sh", args: ["-c", "sleep 300"] },
      { pid: other.json.pid, tag: other.json.tag, cmd: "sleep", args: ["300"] },
    ],
  );
  assert.ok(others.every(({ tag, cmd }) => tag === undefined && cmd === "sleep")); // what the shell has started
  assert.equal((await ask("DELETE", "/processes/web?signal=SIGTERM")).status, 204);
  assert.equal((await ask("DELETE", `/processes/${other.json.pid}`)).status, 204);
  await until(async () => (await list()).length === 0);
  for (const selector of ["web", other.json.pid]) {
    const { status, json } = await ask("DELETE", `/processes/${selector}`);
    assert.deepEqual([status, json.error.code], [404, "not_found"]);
  }
});

test("what a command has left behind is listed too, and killed by its pid", { skip }, async () => {
  const { json } = await exec(shell("sleep 300 & echo $!"));
  const pid = Number(json.stdout);
  const left = await until(async () => {
    const listed = await list();
    return listed.every(({ cmd }) => cmd === "sleep") && listed; // the shell may still be becoming it
  });
  assert.deepEqual(left, [{ pid, cmd: "sleep", args: ["300"] }]);
  assert.equal((await ask("DELETE", `/processes/${pid}`)).status, 204);
  await until(async () => (await list()).length === 0);
});

test("SIGTERM can be caught, and every other word is SIGKILL", { skip }, async () => {
  const script = "trap 'touch /tmp/caught' TERM; touch /tmp/ready; while :; do sleep 0.05; done";
  const { json } = await exec({ ...shell(script), background: true });
  await until(async () => (await exec({ cmd: "ls", args: ["/tmp/ready"] })).json.exit_code === 0);
  await ask("DELETE", `/processes/${json.pid}?signal=SIGTERM`);
  await until(async () => (await exec({ cmd: "ls", args: ["/tmp/caught"] })).json.exit_code === 0);
  await ask("DELETE", `/processes/${json.pid}?signal=SIGWHATEVER`);
  await until(async () => (await list()).length === 0);
});

test("another team, and who shows nothing, get nowhere", { skip }, async () => {
  const attempts = [
    ["POST", "/exec", { cmd: "touch", args: ["/tmp/mallory"] }],
    ["GET", "/processes", undefined],
    ["DELETE", "/processes/1", undefined],
  ] as const;
  for (const [method, path, body] of attempts) {
    const url = `/v1/capsules/${capsule}${path}`;
    assert.equal((await askWrenn(opened.url, method, url, { body })).status, 401);
    assert.equal((await askWrenn(opened.url, method, url, { key: mallory.key, body })).status, 404);
    assert.equal((await askWrenn(opened.url, method, url, { token: mallory.token, body })).status, 404);
    const malformed = `/v1/capsules/${capsule.slice(0, -1)}${path}`;
    assert.equal((await askWrenn(opened.url, method, malformed, { key: alice.key, body })).status, 400);
  }
  assert.equal((await exec({ cmd: "ls", args: ["/tmp/mallory"] })).json.exit_code, 2);
});

test("in a paused capsule nothing is run: 409 invalid_state", { skip }, async () => {
  assert.equal((await ask("POST", "/pause", {})).status, 200);
  try {
    for (const [method, path] of [
      ["POST", "/exec"],
      ["GET", "/processes"],
      ["DELETE", "/processes/1"],
    ] as const) {
      const { status, json } = await ask(method, path, method === "POST" ? { cmd: "true" } : undefined);
      assert.deepEqual([status, json.error.code], [409, "invalid_state"], `${method} ${path}`);
    }
  } finally {
    assert.equal((await ask("POST", "/resume", {})).status, 200);
  }
  assert.equal((await exec({ cmd: "true" })).json.exit_code, 0);
});
