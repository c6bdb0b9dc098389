import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { type Ended, type Home, openHome } from "./support/home.ts";
import { runyardInTerminal } from "./support/terminal.ts";
import { startYard } from "./support/yard-process.ts";

/** Prints a number each 50 ms, for ever. */
const counter = "let i = 0; for (;;) { console.log(++i); await new Promise((done) => setTimeout(done, 50)); }";
const sleeper = "console.log('asleep'); await new Promise((done) => setTimeout(done, 25_000))";

const keys = { interrupt: "\x03", end: "\x04", up: "\x1b[A", enter: "\r" };

/** A prompt at a terminal. */
function openRepl(home: Home, ...args: string[]) {
  const terminal = runyardInTerminal(home, ["js", "repl", ...args], { cols: 200 });
  /** What is shown from here on, as soon as it fits. */
  async function next(expected: RegExp): Promise<string> {
    await terminal.shows(expected);
    const text = terminal.shown();
    terminal.clear();
    return text;
  }
  return {
    next,
    press: (key: string) => terminal.write(key),
    /** Types the line, and resolves with what is shown behind it, up to the next prompt. */
    async enter(line: string): Promise<string> {
      terminal.write(line + keys.enter);
      const text = await next(/\r\n(.*(\r\n|\x1b\[0?J))?[\w-]+> \x1b/s);
      return text.slice(text.indexOf("\r\n") + "\r\n".length);
    },
    ended: terminal.ended,
    [Symbol.dispose]: () => terminal[Symbol.dispose](),
  };
}

describe("scripts on a running yard", () => {
  const { home, done } = useCommandYard();

  const js = (...args: string[]): Promise<Ended> => home.runyard(["js", ...args]);

  async function ran(...args: string[]) {
    return JSON.parse(await done(["js", "run", "--json", ...args]));
  }

  async function shown(id: string) {
    return JSON.parse(await done(["js", "show", "--json", id]));
  }

  test("a script's output and then its result are printed, wherever the script comes from", async () => {
    const source = "const n: number = 20;\nconsole.log('hello');\n({ twice: n * 2 })\n";
    const file = join(home.path, "script.ts");
    writeFileSync(file, source);
    const expected = 'hello\n{"twice":40}\n';
    assert.equal(await done(["js", "run", file]), expected);
    assert.equal(await done(["js", "run", "-e", source]), expected);
    assert.equal(await done(["js", "run", "-"], { stdin: source }), expected);
    assert.equal(await done(["js", "run", "-e", "console.log('only'); undefined"]), "only\n");
  });

  test("a script that fails says where, and what it printed before is there", async () => {
    const ended = await js("run", "-e", "console.log('before');\nfunction bad() { null.x }\nbad()");
    assert.deepEqual([ended.code, ended.stdout], [1, "before\n"]);
    assert.match(ended.stderr, /^runyard: the script failed: TypeError: .*\n +at bad .*:2:\d+\)\n/);
    assert.match((await js("run", "-e", "let let")).stderr, /the script failed: SyntaxError/);
  });

  test("a script that does not end runs out of time, and one that needs too much runs out of memory", async () => {
    const late = await js("run", "--timeout", "1", "-e", "for (;;);");
    assert.deepEqual([late.code, late.stderr], [1, "runyard: the script ran out of time: Execution timed out\n"]);
    const large = await js("run", "--memory", "8", "-e", "const a = []; for (;;) a.push(new Array(1000).fill(1))");
    assert.equal(large.code, 1);
    assert.match(large.stderr, /Out of memory/);
  });

  test("what JSON cannot express of a result is said", async () => {
    const ended = await js("run", "-e", "({ m: new Map(), f() {} })");
    assert.equal(ended.stdout, '{"m":{}}\n');
    assert.match(ended.stderr, /not in the result.*\$\.m: a Map; \$\.f: a function/);
  });

  test("control characters of an error are shown, not obeyed", async () => {
    const ended = await js("run", "-e", "throw new Error('\\x1b]0;title\\x07')");
    assert.match(ended.stderr, /\\x1b\]0;title\\x07/);
    assert.doesNotMatch(ended.stderr, /\x1b|\x07/);
  });

  test("a session goes on where it was, and a heap can be gone on from twice", async () => {
    const count = "globalThis.n = (globalThis.n ?? 0) + 1";
    assert.equal(await done(["js", "run", "--session", "count", "-e", count]), "1\n");
    assert.equal((await ran("--session", "count", "-e", count)).result, "2");
    const { heap } = await ran("--tag", "kind=base", "-e", "globalThis.list = [1]");
    for (const _branch of ["left", "right"])
      assert.equal((await ran("--heap", heap, "-e", "list.push(2); list")).result, "[1,2]");
  });

  test("a detached execution is listed, shown, followed and cancelled", async () => {
    const id = (await done(["js", "run", "--detach", "--timeout", "60", "-e", counter])).trim();
    const following = home.start(["js", "output", "-f", id]);
    let text = "";
    following.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    await until(() => text.includes("5\n"));
    assert.match(await done(["js", "ls", "-n", "1"]), new RegExp(`^ID .*\n${id} +running `));
    assert.match(await done(["js", "show", id]), new RegExp(`^${id}\n {2}status +running\n`));
    assert.equal(await done(["js", "cancel", id]), `${id} is cancelled.\n`);
    const { code, stderr } = await following.ended;
    assert.deepEqual([code, stderr], [0, "runyard: the script was cancelled: Cancelled by user\n"]);
    const numbers = text.trim().split("\n").map(Number);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    assert.equal(await done(["js", "output", id]), text);
    const again = await js("cancel", id);
    assert.deepEqual([again.code, again.stderr], [1, `runyard: the execution ${id} is not running: it is cancelled\n`]);
  });

  test("Ctrl-C cancels the script that is waited for", async () => {
    const running = home.start(["js", "run", "-e", sleeper]);
    let text = "";
    running.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    await until(() => text === "asleep\n");
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [130, ""]);
    const [{ execution_id: id }] = JSON.parse(await done(["js", "ls", "--json", "-n", "1"]));
    assert.equal((await shown(id)).status, "cancelled");
  });

  test("output is printed whole, however large, and characters of many bytes stay in one piece", async () => {
    const source = "for (let i = 0; i < 5_000; i++) console.log(i + 'ü€😀'.repeat(10))";
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i}${"ü€😀".repeat(10)}\n`).join("");
    assert.equal(await done(["js", "run", "-e", source]), lines);
    assert.equal((await ran("-e", source)).output, lines);
  });

  test("ids that nobody has, and those that the URL could mistake, are data", async () => {
    for (const id of ["0f8fad5b-d9cb-469f-a165-70867728950e", "..", "../labels", "a\x1b[2J"])
      for (const command of ["show", "output", "cancel"]) {
        const ended = await js(command, id);
        assert.equal(ended.code, 1, `${command} ${id}`);
        assert.match(ended.stderr, /there is no execution/, command);
        assert.doesNotMatch(ended.stderr, /\x1b/);
      }
  });

  test("what is no script is refused with its file", async () => {
    assert.match((await js("run", "/no/such.js")).stderr, /cannot read \/no\/such\.js/);
    const file = join(home.path, "binary.js");
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    assert.match((await js("run", file)).stderr, /binary\.js is no script: it is not UTF-8/);
  });

  test("from a pipe the prompt reads entries of any number of lines, and exits with 1 if one failed", async () => {
    const entries = "let a = 1\nfunction add(n) {\n  a += n\n}\nadd(41)\n({ a })\n";
    assert.equal(await done(["js", "repl", "--session", "piped"], { stdin: entries }), "{ a: 42 }\n");
    const ended = await home.runyard(["js", "repl", "--session", "piped"], { stdin: "nobody\na b\na\nf(" });
    assert.deepEqual([ended.code, ended.stdout], [1, "42\n"]);
    assert.match(ended.stderr, /^ReferenceError: .*\nSyntaxError: .*\nSyntaxError: the last entry is not complete/);
  });

  test("the prompt keeps what is declared, shows results, output and errors, and goes on the next day", async () => {
    using repl = openRepl(home, "--session", "day");
    await repl.next(/Session day.*day> /s);
    assert.doesNotMatch(await repl.enter("const list = [1, 2]"), /undefined|1, 2/);
    assert.match(await repl.enter("list.map((x) => x * 2)"), /^\[ 2, 4 \]\r\n/);
    assert.match(await repl.enter("console.log('printed'); 'value'"), /printed\r\n'value'\r\n/);
    assert.match(await repl.enter("nobody()"), /ReferenceError: nobody is not defined\r\n/);
    repl.press(`function inc(n) {${keys.enter}`);
    await repl.next(/\.\.\.\. /);
    await repl.enter("return n + 1 }");
    assert.match(await repl.enter(".saved"), /heap [0-9a-f]{64}\r\n/);
    repl.press(keys.end);
    assert.equal(await repl.ended, 0);

    using nextDay = openRepl(home, "--session", "day");
    await nextDay.next(/day> /);
    nextDay.press(keys.up + keys.up); // behind .saved
    await nextDay.next(/return n \+ 1 \}/);
    nextDay.press(keys.interrupt);
    await nextDay.next(/day> /);
    assert.match(await nextDay.enter("inc(list.length)"), /^3\r\n/);
    nextDay.press(keys.end);
    await nextDay.ended;
    const history = join(home.path, ".local", "state", "runyard", "js-history");
    assert.match(await readFile(history, "utf8"), /^const list = .*\n(.*\n)*inc\(list\.length\)\n$/);
    assert.equal((await stat(history)).mode & 0o777, 0o600);
  });

  test("Ctrl-C cancels the entry that runs and leaves the memory as it was, or drops what is typed", async () => {
    using repl = openRepl(home, "--session", "cancel");
    await repl.next(/cancel> /);
    await repl.enter("let kept = 1");
    repl.press(`kept = 2; ${sleeper}${keys.enter}`);
    await repl.next(/\r\nasleep\r\n/);
    repl.press(keys.interrupt);
    await repl.next(/Cancelled: the memory is as it was before\.\r\n.*cancel> /s);
    assert.match(await repl.enter("kept"), /^1\r\n/);
    repl.press(`(${keys.enter}`);
    await repl.next(/\. /);
    repl.press(`half${keys.interrupt}`);
    await repl.next(/cancel> /);
    assert.match(await repl.enter("kept + 1"), /^2\r\n/);
    assert.match(await repl.enter(".nope"), /There is no \.nope/);
    repl.press(`.exit${keys.enter}`);
    assert.equal(await repl.ended, 0);
  });

  test("Ctrl-D while an entry runs lets it end, and quits then", async () => {
    using repl = openRepl(home, "--session", "leaving");
    await repl.next(/leaving> /);
    repl.press(`setTimeout(() => console.log("done"), 500); "begun"${keys.enter}`);
    repl.press(keys.end);
    assert.doesNotMatch(await repl.next(/done\r\n/), /should not have happened/);
    assert.equal(await repl.ended, 0);
    assert.doesNotMatch(await repl.next(/^/), /should not have happened/);
  });

  test("without a yard, or with a wrong credential, the prompt does not begin", async () => {
    const wrong = await home.runyard(["js", "repl", "--token", "wrong"], { stdin: "1\n" });
    assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
    assert.match(wrong.stderr, /does not accept the credential/);
    const none = await home.runyard(["js", "repl", "--url", "http://127.0.0.1:9", "--token", "x"], { stdin: "1\n" });
    assert.match(none.stderr, /cannot connect/);
  });

  test("a history that others can read is neither read nor written, and the prompt goes without", async () => {
    const state = join(home.path, "state");
    mkdirSync(join(state, "runyard"), { recursive: true });
    writeFileSync(join(state, "runyard", "js-history"), "old\n", { mode: 0o644 });
    const args = ["js", "repl", "--session", "shy"];
    const ended = await home.runyard(args, { stdin: "1 + 1\n", env: { XDG_STATE_HOME: state } });
    assert.deepEqual([ended.code, ended.stdout], [0, "2\n"]);
    assert.match(ended.stderr, /history of this prompt is not kept.*open to other users/);
  });
});

test("the prompt survives the death and the restart of its yard, with its memory", async () => {
  using home = openHome();
  await using first = await startYard([], home);
  using repl = openRepl(home);
  await repl.next(/repl> /);
  await repl.enter("const secret = { answer: 42 }; const tell = () => secret.answer");

  repl.press(`tell(); ${sleeper}${keys.enter}`);
  await repl.next(/\r\nasleep\r\n/);
  await first.kill();
  await repl.next(/lost the connection to the yard/);
  await first.start();
  await repl.next(/Interrupted: .*repl> /s);
  assert.match(await repl.enter("tell()"), /^42\r\n/);

  await first.stop();
  repl.press(`tell() + 1${keys.enter}`);
  await repl.next(/lost the connection to the yard/);
  await using _second = await startYard([], home); // another port, and another credential
  await repl.next(/\r\n43\r\n/);
  repl.press(keys.end);
  assert.equal(await repl.ended, 0);
});

testMisuse(
  { args: ["js", "nope"], says: /unknown command/ },
  { args: ["js", "run"], says: /no script/ },
  { args: ["js", "run", "a.js", "-e", "1"], says: /given twice/ },
  { args: ["js", "run", "-e", "1", "--heap", "abc"], says: /64 hexadecimal digits/ },
  { args: ["js", "run", "-e", "1", "--timeout", "301"], says: /whole number from 1 to 300/ },
  { args: ["js", "run", "-e", "1", "--tag", "x"], says: /KEY=value/ },
  { args: ["js", "output", "x", "-f", "--json"], says: /leave one out/ },
  { args: ["js", "cancel"], says: /missing required argument/ },
);

testHelp(...withBelow("js", "run", "ls", "show", "output", "cancel", "repl"));
