/** What every sandbox driver must do: the definition of the interface in sandbox.ts, as tests. A driver's own test file calls it with
 *  one line, in the agent and through the connection to one:
 *
 *      describeSandboxDriver("host", () => openHostDriver({ directory }));
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import type { Process, ProcessSpec, Sandbox, SandboxDriver } from "./sandbox.ts";

export interface ConformanceOptions {
  /** Why the driver cannot be tested here. */
  readonly skip?: string | false;
}

/** @param open makes a driver of its own for the suite, which disposes of it. Sandboxes need `sh`, `cat`, `env` and `sleep`. */
export function describeSandboxDriver(
  name: string,
  open: () => Promise<SandboxDriver>,
  options: ConformanceOptions = {},
): void {
  describe(`the sandbox driver ${name}`, { skip: options.skip }, () => {
    let driver: SandboxDriver;
    let sandbox: Sandbox;
    before(async () => {
      driver = await open();
      sandbox = await driver.create({ id: `suite-${randomUUID()}` });
    });
    after(async () => {
      await sandbox?.destroy({ graceMs: 0 });
      await driver?.[Symbol.asyncDispose]();
    });
    const suite: Suite = {
      driver: () => driver,
      sandbox: () => sandbox,
      exec: (spec) => sandbox.exec({ id: randomUUID(), ...spec }),
      shell: (script, spec) => sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script], ...spec }),
    };
    startsAndExits(suite);
    handsThingsOver(suite);
    keepsOutput(suite);
    signalsAndStops(suite);
    givesTerminals(suite);
    limits(suite);
    keepsSandboxes(suite);
  });
}

interface Suite {
  driver(): SandboxDriver;
  sandbox(): Sandbox;
  exec(spec: Omit<ProcessSpec, "id"> & { id?: string }): Promise<Process>;
  shell(script: string, spec?: Partial<ProcessSpec>): Promise<Process>;
}

async function outputOf(process: Process): Promise<string> {
  await process.exited;
  return textSoFar(process);
}

async function textSoFar(process: Process): Promise<string> {
  const { bytes } = await process.output.read({ position: 0, maxBytes: 1024 * 1024 });
  return bytes.toString();
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function startsAndExits({ sandbox, exec, shell }: Suite): void {
  test("a process' exit code arrives as it is", async () => {
    for (const code of [0, 1, 3, 255]) {
      const { code: got, signal, at } = await (await shell(`exit ${code}`)).exited;
      assert.deepEqual({ got, signal }, { got: code, signal: null });
      assert.ok(Math.abs(Date.now() - at) < 60_000);
    }
  });

  test("a process that a signal ends has that signal and no code", async () => {
    const { code, signal } = await (await shell("kill -SEGV $$")).exited;
    assert.deepEqual({ code, signal }, { code: null, signal: "SIGSEGV" });
  });

  test("what cannot be started is refused with the field at fault, and leaves nothing", async () => {
    const refusals: { spec: Omit<ProcessSpec, "id"> & { id?: string }; field: string }[] = [
      { spec: { argv: [] }, field: "argv" },
      { spec: { argv: ["no-such-program-anywhere"] }, field: "argv" },
      { spec: { argv: ["/no/such/file"] }, field: "argv" },
      { spec: { argv: ["/etc/passwd"] }, field: "argv" },
      { spec: { argv: ["/etc"] }, field: "argv" },
      { spec: { argv: ["echo", "a\0b"] }, field: "argv" },
      { spec: { argv: ["true"], cwd: "/no/such/directory" }, field: "cwd" },
      { spec: { argv: ["true"], cwd: "/etc/passwd" }, field: "cwd" },
      { spec: { argv: ["true"], env: { A: "a\0b" } }, field: "env" },
      { spec: { argv: ["true"], env: { "A=B": "x" } }, field: "env" },
      { spec: { argv: ["true"], user: "no-such-user" }, field: "user" },
      { spec: { argv: ["true"], id: "../escape" }, field: "id" },
      { spec: { argv: ["true"], id: "x".repeat(65) }, field: "id" },
    ];
    const before = (await sandbox().processes()).length;
    for (const { spec, field } of refusals) {
      await assert.rejects(exec(spec), (error) => {
        assert.ok(isYardError(error, "invalid") || isYardError(error, "precondition"), String(error));
        assert.equal(error.field, field, error.message);
        return true;
      });
    }
    assert.equal((await sandbox().processes()).length, before);
  });

  test("the same id twice is one process, also at the same moment", async () => {
    const spec = { id: randomUUID(), argv: ["sh", "-c", "echo $$"] };
    const [one, two] = await Promise.all([exec(spec), exec(spec)]);
    assert.equal(one.pid, two.pid);
    assert.match(await outputOf(one), /^\d+\n$/); // printed once
    assert.equal((await exec(spec)).pid, one.pid);
    assert.match(await outputOf(one), /^\d+\n$/);
  });
}

function handsThingsOver({ exec, shell }: Suite): void {
  test("arguments arrive as they are, with no shell in between", async () => {
    const process = await exec({ argv: ["printf", "%s|", "a b", "$HOME", "*", "", "ü\n", ";exit 1"] });
    assert.equal(await outputOf(process), "a b|$HOME|*||ü\n|;exit 1|");
  });

  test("the environment is the given one on a small base, and names the process", async () => {
    const id = randomUUID();
    const process = await exec({ id, argv: ["env"], env: { GREETING: "hello world", EMPTY: "" } });
    const lines = (await outputOf(process)).split("\n");
    assert.ok(lines.includes("GREETING=hello world"));
    assert.ok(lines.includes("EMPTY="));
    assert.ok(lines.includes(`RUNYARD_PROCESS=${id}`));
    assert.ok(lines.some((line) => line.startsWith("PATH=/")));
    const settings = lines.filter((line) => /^RUNYARD_(?!PROCESS=|SANDBOX=)/.test(line) || /^(NODE_|npm_)/.test(line));
    assert.deepEqual(settings, []);
  });

  test("it runs in the given directory", async () => {
    assert.equal(await outputOf(await exec({ argv: ["pwd"], cwd: "/etc" })), "/etc\n");
  });

  test("without standard input it reads nothing", async () => {
    assert.equal(await outputOf(await exec({ argv: ["cat"] })), "");
    assert.equal(await outputOf(await exec({ argv: ["cat"], stdin: "none" })), "");
  });

  test("standard input given as text arrives whole, also through /dev/stdin", async () => {
    const text = `${"ünï\n".repeat(50_000)}end`;
    assert.equal(await outputOf(await exec({ argv: ["cat"], stdin: { text } })), text);
    assert.equal(await outputOf(await exec({ argv: ["cat", "/dev/stdin"], stdin: { text: "x" } })), "x");
  });

  test("an open standard input takes bytes until it is ended", async () => {
    const process = await exec({ argv: ["cat"], stdin: "open" });
    assert.ok(process.stdin);
    process.stdin.write("one ");
    await until(async () => (await textSoFar(process)) === "one ");
    process.stdin.end(Buffer.from([0xff, 0x00]));
    await process.exited;
    const { bytes } = await process.output.read({ position: 0, maxBytes: 100 });
    assert.deepEqual([...bytes], [...Buffer.from("one "), 0xff, 0x00]);
  });

  test("writing to a process that has closed its input harms nobody", async () => {
    const process = await shell("exec 0<&-; echo closed; exit 5", { stdin: "open" });
    process.stdin?.on("error", () => {});
    process.stdin?.write(Buffer.alloc(256 * 1024));
    assert.equal((await process.exited).code, 5);
  });

  test("it has no descriptor but the three standard ones", async (context) => {
    const process = await shell("ls /proc/self/fd 2>/dev/null");
    const names = (await outputOf(process)).trim().split("\n");
    if (names[0] === "") return context.skip("the sandbox has no /proc");
    assert.deepEqual(names, ["0", "1", "2", "3"]); // 3 is the listed directory itself
  });
}

function keepsOutput({ exec, shell }: Suite): void {
  test("standard output and error are one log in the order of arrival", async () => {
    const process = await shell("for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done");
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `o${i}\ne${i}\n`).join("");
    assert.equal(await outputOf(process), expected);
  });

  test("output is read by position", async () => {
    const process = await exec({ argv: ["printf", "0123456789"] });
    await process.exited;
    const { output } = process;
    assert.equal(await output.size(), 10);
    const part = await output.read({ position: 3, maxBytes: 4 });
    assert.deepEqual([part.bytes.toString(), part.from, part.next], ["3456", 3, 7]);
    const end = await output.read({ position: 10, maxBytes: 4 });
    assert.deepEqual([end.bytes.length, end.from, end.next], [0, 10, 10]);
    await assert.rejects(output.read({ position: 11, maxBytes: 4 }), { code: "invalid", field: "position" });
  });

  test("any bytes are kept as they are", async () => {
    const process = await shell(String.raw`printf '\000\377\200\r\n'; printf '\303'; printf '\274'`);
    await process.exited;
    const { bytes } = await process.output.read({ position: 0, maxBytes: 100 });
    assert.deepEqual([...bytes], [0, 255, 128, 13, 10, 0xc3, 0xbc]);
  });

  test("a follower gets all there is, then what comes, then the end", async () => {
    const process = await shell("echo one; read x; echo two; read x; printf three", { stdin: "open" });
    const follower = process.output.follow({ position: 0 });
    let seen = "";
    follower.on("data", (bytes: Buffer) => {
      seen += bytes;
    });
    await until(() => seen === "one\n");
    process.stdin?.write("\n");
    await until(() => seen === "one\ntwo\n");
    const ended = new Promise((resolve) => follower.once("end", resolve));
    process.stdin?.write("\n");
    await ended;
    assert.equal(seen, "one\ntwo\nthree");
    assert.equal((await collect(process.output.follow({ position: 4 }))).toString(), "two\nthree");
  });

  test("followers at any position of a fast printer get every byte once", async () => {
    const lines = 20_000;
    const process = await shell(`i=0; while [ $i -lt ${lines} ]; do echo line $i; i=$((i+1)); done`);
    const followers = [0, 0, 7].map((position) => collect(process.output.follow({ position })));
    const expected = Array.from({ length: lines }, (_, i) => `line ${i}\n`).join("");
    const [one, two, late] = await Promise.all(followers);
    assert.equal(one?.toString(), expected);
    assert.equal(two?.toString(), expected);
    assert.equal(late?.toString(), expected.slice(7));
  });

  test("a follower that stops reading holds up neither the process nor others", async () => {
    const bytes = 64 * 1024 * 1024;
    const process = await shell(`yes | head -c ${bytes}`);
    const idle = process.output.follow({ position: 0 });
    idle.once("readable", () => {}); // takes a first piece, and no more
    try {
      let received = 0;
      for await (const chunk of process.output.follow({ position: 0 })) received += chunk.length;
      assert.equal(received, bytes);
      assert.equal((await process.exited).code, 0);
    } finally {
      idle.destroy();
    }
  });

  test("the oldest output goes when there is more than may be kept, and positions stay", async () => {
    const maxOutputBytes = 1024 * 1024;
    const lines = 1_000_000; // of 8 bytes
    const process = await shell(`seq 1000001 ${1_000_000 + lines}`, { maxOutputBytes });
    await process.exited;
    const size = lines * 8;
    assert.equal(await process.output.size(), size);
    const { bytes, from, next } = await process.output.read({ position: 0, maxBytes: 8 * 1024 });
    assert.ok(from >= size - maxOutputBytes, `begins at ${from}`);
    assert.ok(from < size - maxOutputBytes / 2, `begins at ${from}: too much was dropped`);
    assert.equal(next, from + bytes.length);
    const line = Math.ceil(from / 8);
    assert.equal(bytes.subarray(line * 8 - from, line * 8 - from + 8).toString(), `${1_000_001 + line}\n`);
    const tail = await collect(process.output.follow({ position: size - 16 }));
    assert.equal(tail.toString(), "1999999\n2000000\n");
  });

  test("a follower that is destroyed leaves the process alone", async () => {
    const process = await shell("echo one; read x; exit 4", { stdin: "open" });
    const follower = process.output.follow({ position: 0 });
    await new Promise((resolve) => follower.once("data", resolve));
    follower.destroy();
    process.stdin?.end("\n");
    assert.equal((await process.exited).code, 4);
  });
}

function signalsAndStops({ exec, shell, sandbox }: Suite): void {
  test("a signal goes to the whole group", async () => {
    const script =
      'trap "echo outer; wait; exit 7" USR1; (trap "echo inner; exit" USR1; echo up; while :; do sleep 0.05; done) & wait; wait';
    const process = await shell(script);
    await until(async () => (await textSoFar(process)).includes("up"));
    await process.signal("SIGUSR1");
    assert.equal((await process.exited).code, 7);
    const text = await textSoFar(process);
    assert.ok(text.includes("outer") && text.includes("inner"), text);
  });

  test("a signal that is none is refused, one to a process that has ended does nothing", async () => {
    const process = await exec({ argv: ["true"] });
    await process.exited;
    await process.signal("SIGTERM");
    const wrong = "SIGNONE" as "SIGTERM";
    await assert.rejects(process.signal(wrong), { code: "invalid" });
  });

  test("stop lets a process end by itself", async () => {
    const process = await shell('trap "echo bye; exit 9" TERM; echo up; while :; do sleep 0.05; done');
    await until(async () => (await textSoFar(process)) === "up\n");
    const exit = await process.stop({ graceMs: 20_000 });
    assert.equal(exit.code, 9);
    assert.ok((await textSoFar(process)).endsWith("bye\n"));
    assert.deepEqual(await process.stop({ graceMs: 0 }), exit);
  });

  test("stop kills what does not listen to SIGTERM", async () => {
    const process = await shell('trap "" TERM; echo up; while :; do sleep 0.05; done');
    await until(async () => (await textSoFar(process)) === "up\n");
    const exit = await process.stop({ graceMs: 200 });
    assert.equal(exit.signal, "SIGKILL");
  });

  test("what a process leaves behind in its group ends with it, and prints no more", async () => {
    const process = await shell("(trap '' TERM HUP; while :; do echo tick; sleep 0.01; done) & sleep 0.1; exit 0");
    assert.equal((await process.exited).code, 0);
    const size = await process.output.size();
    assert.ok(size > 0);
    const rest = await collect(process.output.follow({ position: 0 })); // ends, as nothing can come
    assert.equal(rest.length, size);
    assert.equal(await process.output.size(), size);
  });

  test("usage counts the whole tree", async () => {
    const process = await shell("sh -c 'while :; do :; done' & sleep 60 & wait");
    await process.usage();
    const usage = await until(async () => {
      const now = await process.usage();
      return now.pids.length >= 3 && now.cpuPercent > 5 ? now : undefined;
    });
    assert.ok(usage.pids.includes(process.pid));
    assert.ok(usage.rssBytes > 100_000);
    assert.ok(usage.openFiles >= 9);
    await process.stop({ graceMs: 0 });
    assert.deepEqual(await process.usage(), { cpuPercent: 0, rssBytes: 0, openFiles: 0, pids: [] });
  });

  test("a forgotten process is gone with its output, running or not", async () => {
    for (const script of ["echo x", "echo x; sleep 60"]) {
      const process = await shell(script);
      await until(async () => (await textSoFar(process)) !== "");
      await sandbox().forget(process.id);
      assert.ok((await process.exited).at > 0);
      assert.ok(!(await sandbox().processes()).some(({ id }) => id === process.id));
      await assert.rejects(process.output.read({ position: 0, maxBytes: 1 }), { code: "not_found" });
    }
  });
}

function givesTerminals({ driver, shell }: Suite): void {
  const size = { cols: 90, rows: 33 };

  test("a terminal has a size, takes input and shows it", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("stty size; tty >/dev/null && echo yes; read line; echo got $line; exit 6", {
      terminal: size,
    });
    await until(async () => (await textSoFar(process)).includes("yes"));
    process.stdin?.write("hello\r");
    assert.equal((await process.exited).code, 6);
    const text = await textSoFar(process);
    assert.ok(text.includes("33 90\r\n") && text.includes("got hello\r\n"), text);
  });

  test("a terminal tells of its new size", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell('trap "stty size; exit" WINCH; echo up; while :; do sleep 0.05; done', {
      terminal: size,
    });
    await until(async () => (await textSoFar(process)).includes("up"));
    await process.resize({ cols: 100, rows: 40 });
    await process.exited;
    assert.ok((await textSoFar(process)).includes("40 100"), await textSoFar(process));
  });

  test("Ctrl-C in a terminal interrupts what runs there", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("echo up; exec sleep 60", { terminal: size });
    await until(async () => (await textSoFar(process)).includes("up"));
    process.stdin?.write("\x03");
    assert.equal((await process.exited).signal, "SIGINT");
  });

  test("the end of a terminal's input is end-of-file", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("cat; echo done; exit 8", { terminal: size });
    process.stdin?.end("text\r");
    assert.equal((await process.exited).code, 8);
    assert.ok((await textSoFar(process)).endsWith("done\r\n"));
  });

  test("what a terminal prints last is not lost", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("seq 1 20000", { terminal: size });
    await process.exited;
    const text = await textSoFar(process);
    assert.ok(text.endsWith("20000\r\n"), text.slice(-40));
    assert.equal(text.split("\r\n").length, 20_001);
  });

  test("a size without a terminal is refused", async () => {
    const process = await shell("exit 0");
    await assert.rejects(process.resize(size), { code: "precondition" });
  });
}

function limits({ driver, shell, exec }: Suite): void {
  test("a memory limit ends what exceeds it, and says so", async (context) => {
    const memoryBytes = 48 * 1024 * 1024;
    if (!driver().can.limits) {
      const refused = exec({ argv: ["true"], limits: { memoryBytes } });
      await assert.rejects(refused, { code: "precondition" });
      return context.skip("the driver cannot limit here");
    }
    // A shell variable that doubles: no program needed but sh.
    const script = "x=0123456789abcdef; while :; do x=$x$x; done";
    const process = await shell(script, { limits: { memoryBytes, memoryAndSwapBytes: memoryBytes } });
    const exit = await process.exited;
    assert.notEqual(exit.code, 0);
    assert.equal(exit.outOfMemory, true);
  });

  test("a limit on processes holds", async (context) => {
    if (!driver().can.limits) return context.skip("the driver cannot limit here");
    const script = "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; echo all";
    const process = await shell(script, { limits: { processes: 10 } });
    await until(async () => (await textSoFar(process)) !== "" || process.exit);
    const { pids } = await process.usage();
    assert.ok(pids.length <= 10, `${pids.length} processes`);
    await process.stop({ graceMs: 0 });
  });
}

function keepsSandboxes({ driver }: Suite): void {
  test("creating a sandbox twice makes one, destroying it leaves nothing", async () => {
    const id = `twice-${randomUUID()}`;
    const one = await driver().create({ id });
    const two = await driver().create({ id });
    const process = await one.exec({ id: randomUUID(), argv: ["sh", "-c", "sleep 300 & sleep 300"] });
    assert.deepEqual(
      (await two.processes()).map(({ pid }) => pid),
      [process.pid],
    );
    await one.destroy({ graceMs: 0 });
    assert.ok((await process.exited).at > 0);
    await assert.rejects(driver().reattach(one.handle), { code: "not_found" });
  });

  test("a handle, also one that was stored, leads back to the sandbox and what runs in it", async () => {
    const made = await driver().create({ id: `back-${randomUUID()}` });
    const { id, pid } = await made.exec({ id: randomUUID(), argv: ["sh", "-c", "echo here; sleep 300"] });
    const found = await driver().reattach(JSON.parse(JSON.stringify(made.handle)));
    const [process] = await found.processes();
    assert.ok(process);
    assert.deepEqual([process.id, process.pid], [id, pid]);
    await until(async () => (await textSoFar(process)) === "here\n");
    await found.destroy({ graceMs: 0 });
  });

  test("a sandbox that was never made is not found", async () => {
    const handle = { driver: driver().name, version: 1, id: "never-made" } as const;
    await assert.rejects(driver().reattach(handle), { code: "not_found" });
  });
}
