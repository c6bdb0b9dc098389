/** Commands in a sandbox of the driver `namespace`, through a real agent. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { HostSandbox } from "../../hosts/host.ts";
import { openTestHost, type TestHost } from "../../hosts/test-host.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { until } from "../../platform/testing/until.ts";
import { findPrograms } from "../../sandboxes/namespace/availability.ts";
import type { Attachment, CommandEvent, Commands } from "./commands.ts";
import { createCommandsIn } from "./create-commands.ts";

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));

let host: TestHost;
let sandbox: HostSandbox;
let commands: Commands;
let touches = 0;

before(async () => {
  if (skip) return;
  host = await openTestHost();
  sandbox = await host.driver("namespace").create({ id: randomUUID() });
  commands = createCommandsIn()({ sandbox, touch: () => void touches++ });
});
after(async () => {
  await sandbox?.destroy({ graceMs: 0 });
  await host?.[Symbol.asyncDispose]();
});

const shell = (script: string) => ({ command: "/bin/sh", args: ["-c", script] });
const patient = { timeoutMs: 30_000 };

/** What is heard until the end, the pieces of each output joined. */
async function heard(attachment: Attachment) {
  await using _leaving = attachment;
  const texts = { stdout: "", stderr: "" };
  for await (const event of attachment) {
    if (event.type === "exit") return { ...texts, exitCode: event.exitCode };
    texts[event.type] += event.bytes;
  }
  return assert.fail("it ended without an exit");
}

/** Reads on until what was heard of standard output holds `text`. */
async function untilHeard(events: AsyncIterator<CommandEvent>, text: string): Promise<string> {
  let all = "";
  while (!all.includes(text)) {
    const { value, done } = await events.next();
    assert.ok(!done && value.type !== "exit", `ended after ${JSON.stringify(all)}`);
    all += value.bytes;
  }
  return all;
}

async function nothingLeft(): Promise<void> {
  await until(async () => {
    await commands.list(); // by the way, what has ended unheard is forgotten
    return (await sandbox.processes()).length === 0 && (await commands.list()).length === 0;
  });
}

test("a command that is waited for gives both outputs and its exit code, and leaves nothing", { skip }, async () => {
  const { durationMs, ...result } = await commands.run(shell("printf out; printf err >&2; exit 3"), patient);
  assert.deepEqual(
    { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() },
    { stdout: "out", stderr: "err", exitCode: 3 },
  );
  assert.ok(Number.isInteger(durationMs));
  await nothingLeft();
});

test("a command that a signal ends has exit code -1", { skip }, async () => {
  assert.equal((await commands.run(shell("kill -TERM $$"), patient)).exitCode, -1);
});

for (const [command, exitCode] of [
  ["no-such-program", 127],
  ["/no/such/file", 127],
  ["/etc/passwd", 126],
  ["/etc", 126],
] as const) {
  test(`running ${command} ends with ${exitCode}, and a reason`, { skip }, async () => {
    const result = await commands.run({ command }, patient);
    assert.deepEqual([result.exitCode, result.stdout.length], [exitCode, 0]);
    assert.match(result.stderr.toString(), new RegExp(command));
  });
}

test("large and binary outputs arrive byte by byte", { skip }, async () => {
  const script = "head -c 5000000 /dev/zero; printf '\\377\\000' >&2";
  const { stdout, stderr } = await commands.run(shell(script), patient);
  assert.equal(stdout.length, 5_000_000);
  assert.deepEqual([...stderr], [0xff, 0]);
});

test("environment and directory are as asked, and relative to the home directory", { skip }, async () => {
  const script = 'mkdir -p "$HOME/a b"; cd "$HOME/a b"; pwd';
  const home = (await commands.run(shell(script), patient)).stdout.toString().replace("/a b\n", "");
  for (const [cwd, expected] of [
    ["/tmp", "/tmp"],
    ["~", home],
    ["~/a b", `${home}/a b`],
    ["a b", `${home}/a b`],
    [undefined, home],
  ] as const) {
    const { stdout } = await commands.run({ ...shell('printf "$PWD $A"'), cwd, env: { A: "ä" } }, patient);
    assert.equal(stdout.toString(), `${expected} ä`);
  }
});

for (const { what, spec, field } of [
  { what: "another's home", spec: { command: "true", cwd: "~root" }, field: "cwd" },
  { what: "a directory that there is not", spec: { command: "true", cwd: "/no/such" }, field: "cwd" },
  { what: "no command", spec: { command: "" }, field: "command" },
  { what: "a NUL in an argument", spec: { command: "true", args: ["a\0"] }, field: "args" },
  { what: "a NUL in a variable", spec: { command: "true", env: { A: "\0" } }, field: "env" },
]) {
  test(`${what} is refused with the field at fault`, { skip }, async () => {
    await assert.rejects(commands.run(spec, patient), { code: "invalid", field });
    await assert.rejects(commands.start(spec), { code: "invalid", field });
  });
}

test("what takes too long is killed, with all it has started", { skip }, async () => {
  const marker = randomUUID();
  await assert.rejects(commands.run(shell(`sleep 300 & echo ${marker}; wait`), { timeoutMs: 200 }), {
    code: "timeout",
  });
  await nothingLeft();
});

test("what a command has left in the background lives on", { skip }, async () => {
  const { stdout } = await commands.run(shell("sleep 300 & echo $!"), patient);
  const pid = stdout.toString().trim();
  assert.equal((await commands.run(shell(`kill -0 ${pid}`), patient)).exitCode, 0);
  const left = { pid: Number(pid), command: "sleep", args: ["300"] };
  assert.deepEqual(await commands.list(), [left]);
  await commands.kill(pid, "SIGTERM");
  await until(async () => (await commands.list()).length === 0);
  await assert.rejects(commands.kill(pid, "SIGTERM"), { code: "not_found" });
});

test("a background command is listed with its tag until it ends, and killed by pid or tag", { skip }, async () => {
  const byTag = await commands.start(shell("sleep 300"), { tag: "server" });
  const byPid = await commands.start(shell("echo $$; sleep 300"));
  assert.match(byPid.tag ?? "", /^proc-[0-9a-f]{8}$/);
  const [first, second] = await commands.list();
  assert.deepEqual([first, second], [byTag, byPid]);
  const others = async () => (await commands.list()).slice(2);
  // What the shells have started: the same program as these, for the moment before it becomes its own.
  await until(async () => (await others()).every(({ tag, command }) => tag === undefined && command === "sleep"));
  await commands.kill("server", "SIGTERM");
  await commands.kill(String(byPid.pid), "SIGKILL");
  await until(async () => (await commands.list()).length === 0);
  await assert.rejects(commands.kill("server", "SIGKILL"), { code: "not_found" });
  await assert.rejects(commands.attach(String(byPid.pid)), { code: "not_found" });
});

test("the pid is the one that is seen inside", { skip }, async () => {
  const stream = await commands.stream(shell("echo $$"));
  assert.equal((await heard(stream)).stdout, `${stream.command.pid}\n`);
});

test("a stream has all output from the first byte, then the exit, and leaves nothing", { skip }, async () => {
  const script = "for i in 1 2 3; do echo $i; echo e$i >&2; done; exit 7";
  assert.deepEqual(await heard(await commands.stream(shell(script))), {
    stdout: "1\n2\n3\n",
    stderr: "e1\ne2\ne3\n",
    exitCode: 7,
  });
  await nothingLeft();
});

/** Goes on once `go` was called. */
async function gate() {
  const path = `/tmp/${randomUUID()}`;
  await commands.run({ command: "mkfifo", args: [path] }, patient);
  return { wait: `read _ < ${path}`, go: () => commands.run(shell(`echo > ${path}`), patient) };
}

test("several may listen: each hears all from then on, and the end", { skip }, async () => {
  const { wait, go } = await gate();
  const first = await commands.stream(shell(`echo before; ${wait}; echo after; exit 5`), { tag: "many" });
  const events = first[Symbol.asyncIterator]();
  await untilHeard(events, "before\n");
  const others = [await commands.attach("many"), await commands.attach(String(first.command.pid))];
  await go();
  assert.equal(await untilHeard(events, "after\n"), "after\n");
  for (const one of others) assert.deepEqual(await heard(one), { stdout: "after\n", stderr: "", exitCode: 5 });
  assert.deepEqual((await events.next()).value, { type: "exit", exitCode: 5 });
  await first[Symbol.asyncDispose]();
  await nothingLeft();
});

test("who comes back hears what was printed while nobody listened", { skip }, async () => {
  const { wait, go } = await gate();
  const last = await gate();
  const script = `echo one; ${wait}; echo two; touch /tmp/two; ${last.wait}; echo three`;
  const first = await commands.stream(shell(script), { tag: "back" });
  const events = first[Symbol.asyncIterator]();
  await untilHeard(events, "one\n");
  const next = events.next(); // who asks for more has taken what it was given
  await first[Symbol.asyncDispose]();
  assert.equal((await next).done, true);
  await go();
  await commands.run(shell("while [ ! -e /tmp/two ]; do sleep 0.01; done"), patient);
  const second = await commands.attach("back");
  await last.go();
  assert.equal((await heard(second)).stdout, "two\nthree\n");
});

test("who listens to a background command that was never listened to hears nothing of the past", { skip }, async () => {
  const { wait, go } = await gate();
  const { pid } = await commands.start(shell(`echo past; echo > /tmp/printed; ${wait}; echo now`));
  await commands.run(shell("while [ ! -e /tmp/printed ]; do sleep 0.01; done"), patient);
  const listener = await commands.attach(String(pid));
  await go();
  assert.equal((await heard(listener)).stdout, "now\n");
});

test("a listener that stops reading holds back neither the command nor the others", { skip }, async () => {
  const { wait, go } = await gate();
  const idle = await commands.stream(shell(`${wait}; head -c 20000000 /dev/zero; echo done >&2`), { tag: "much" });
  const keen = await commands.attach("much");
  await go();
  const { stdout, stderr, exitCode } = await heard(keen);
  assert.deepEqual([stdout.length, stderr, exitCode], [20_000_000, "done\n", 0]);
  assert.equal((await heard(idle)).stdout.length, 20_000_000);
});

test("a terminal echoes, knows its size, is left and come back to, and is killed", { skip }, async () => {
  const size = { cols: 100, rows: 30 };
  const first = await commands.openTerminal({ command: "/bin/sh", env: { PS1: "> " } }, size);
  const { tag = "" } = first.command;
  assert.match(tag, /^pty-[0-9a-f]{8}$/);
  const events = first[Symbol.asyncIterator]();
  await first.write(Buffer.from("stty size\n"));
  await untilHeard(events, "30 100\r\n");
  await first.resize({ cols: 120, rows: 40 });
  await first.write(Buffer.from("stty size\n"));
  await untilHeard(events, "40 120\r\n");
  await first[Symbol.asyncDispose]();

  const second = await commands.attachTerminal(tag);
  assert.deepEqual(second.command, first.command);
  const more = second[Symbol.asyncIterator]();
  await second.write(Buffer.from("echo still $((1+1))\n"));
  await untilHeard(more, "still 2\r\n");
  await second.kill();
  for (;;) {
    const { value } = await more.next();
    if (value?.type === "exit") {
      assert.equal(value.exitCode, -1);
      break;
    }
  }
  await second[Symbol.asyncDispose]();
  await nothingLeft();
  await assert.rejects(commands.attachTerminal(tag), { code: "not_found" });
});

test("end-of-file typed into a terminal ends its shell", { skip }, async () => {
  const terminal = await commands.openTerminal({ command: "/bin/sh" }, { cols: 80, rows: 24 });
  await terminal.write(Buffer.from("exit 4\n"));
  assert.equal((await heard(terminal)).exitCode, 4);
});

test("using a capsule is told", { skip }, async () => {
  const before = touches;
  await commands.list();
  assert.ok(touches > before);
});
