import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { openTestHost, type TestHost } from "../../../hosts/test-host.ts";
import { createLog } from "../../../platform/log.ts";
import { temporaryDirectory } from "../../../platform/testing/temporary-directory.ts";
import { until } from "../../../platform/testing/until.ts";
import { openTestPool, type TestPool } from "../../engine/testing.ts";
import { createCapabilities } from "../capabilities.ts";
import { type Policy, parsePolicy } from "../policy.ts";
import { createRunOnHost, type RunOnHost } from "./run-on-host.ts";

const log = createLog({ level: "silent" });

let parts: AsyncDisposableStack;
let engine: TestPool;
let host: TestHost;
let runOnHost: RunOnHost;
let directory: string;
before(async () => {
  parts = new AsyncDisposableStack();
  engine = parts.use(openTestPool());
  host = parts.use(await openTestHost());
  directory = parts.use(temporaryDirectory()).path;
  runOnHost = createRunOnHost({ units: host.units });
});
after(() => parts.disposeAsync());

const policyOf = (text: string): Policy => parsePolicy("policy.yaml", text);
const shellOnly = () =>
  policyOf(`subprocess:
  timeout-seconds: 1
  allow:
    - { name: shell, programs: [/bin/sh], arguments: [["-c", "*"]], environment: ["MY_*"], directories: ["${directory}"] }
    - { name: words, programs: [echo], arguments: [["-n", "..."], [], ["a*c"]] }`);

function run(source: string, options: Parameters<TestPool["run"]>[1] & { policy?: Policy | (() => Policy) } = {}) {
  const { policy = shellOnly(), ...others } = options;
  const current = typeof policy === "function" ? policy : () => policy;
  const capabilities = createCapabilities({
    policy: current,
    reach: { runOnHost },
    maxAnswerBytes: 8 * 1024 ** 2,
    log,
  });
  return engine.run(source, { capabilities, ...others });
}

async function resultOf(source: string, policy?: Policy | (() => Policy)): Promise<unknown> {
  const { failure, value } = await run(source, { policy });
  assert.equal(failure, undefined);
  return value;
}

const toldOf = (call: string, policy?: Policy | (() => Policy)) =>
  resultOf(`await ${call}.then(() => "ran", (error) => error.message)`, policy);

/** Command lines of all processes of this machine. */
function commandLines(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
    } catch {
      return []; // it has just ended
    }
  });
}

describe("a program that is granted", () => {
  test("runs to its end, with its two streams and its exit code", async () => {
    assert.deepEqual(await resultOf("await child_process.exec('echo out; echo err >&2; exit 3')"), {
      ...{ code: 3, success: false },
      ...{ stdout: "out\n", stderr: "err\n" },
    });
    const source = `const { code, success, signal, stdout, stderr } =
        await new Deno.Command("/bin/sh", { args: ["-c", "printf 'a\\\\000b'; printf 'c\\\\n\\\\n' >&2"] }).output();
      [code, success, signal, [...stdout], new TextDecoder().decode(stderr)]`;
    assert.deepEqual(await resultOf(source), [0, true, null, [97, 0, 98], "c\n\n"]);
  });

  test("gets its arguments as they are: no shell reads them", async () => {
    const source = `new TextDecoder().decode((await new Deno.Command("echo", { args: ["-n", "$HOME; \`id\`", "'", ""] }).output()).stdout)`;
    assert.equal(await resultOf(source), "$HOME; `id` ' ");
  });

  test("gets the variables and the directory that the rule allows, and nothing of the yard's", async () => {
    const source = `(await child_process.exec("pwd; echo $MY_NAME; echo $RUNYARD_ADMIN_PASSWORD", { env: { MY_NAME: "me" } })).stdout`;
    assert.equal(await resultOf(source), `${directory}\nme\n\n`);
  });

  test("that does not exist says so by its exit code", async () => {
    const policy = policyOf("subprocess: { allow: [{ name: none, programs: [no-such-program] }] }");
    assert.equal(await resultOf(`(await new Deno.Command("no-such-program").output()).code`, policy), 127);
  });

  test("cannot be waited for in place, nor talked to", async () => {
    for (const call of ["outputSync", "spawn"]) {
      const source = `let said; try { new Deno.Command("echo").${call}() } catch (error) { said = error.message } said`;
      assert.match(String(await resultOf(source)), /use output\(\)/);
    }
  });
});

describe("a program is denied", () => {
  for (const [what, call, reason] of [
    [
      "that no rule names",
      `new Deno.Command("ls").output()`,
      /^subprocess\.output denied by policy: 'ls' is not allowed: no rule of subprocess\.allow is for this program$/,
    ],
    ["by another path", `new Deno.Command("/usr/bin/echo").output()`, /no rule of subprocess\.allow/],
    [
      "with other arguments",
      `new Deno.Command("echo", { args: ["-e", "x"] }).output()`,
      /rule "words" does not allow these arguments/,
    ],
    [
      "with more arguments",
      `new Deno.Command("echo", { args: ["abc", "x"] }).output()`,
      /rule "words" does not allow these arguments/,
    ],
    [
      "with a variable",
      `child_process.exec("true", { env: { LD_PRELOAD: "x" } })`,
      /rule "shell" does not allow to set LD_PRELOAD/,
    ],
    [
      "in another directory",
      `child_process.exec("true", { cwd: "/etc" })`,
      /rule "shell" does not allow to run it in \/etc/,
    ],
    [
      "in a directory beneath none",
      `child_process.exec("true", { cwd: "/tmp/../etc" })`,
      /does not allow to run it in/,
    ],
  ] as const)
    test(what, async () => assert.match(String(await toldOf(call)), reason));

  test("as a line for a shell, where only the program itself is granted", async () => {
    const policy = policyOf("subprocess: { allow: [{ name: words, programs: [echo], arguments: [[...]] }] }");
    assert.match(
      String(await toldOf(`child_process.exec("echo 1")`, policy)),
      /^subprocess\.exec denied by policy: 'echo 1' is not allowed: no rule/,
    );
  });

  test("with a zero in its text, which would end it for the kernel", async () =>
    assert.match(
      String(await toldOf(`new Deno.Command("echo", { args: ["-n", "a\\0b"] }).output()`)),
      /not how it is called/,
    ));

  test("as soon as the policy has none", async () => {
    let calls = 0;
    const none = policyOf("{}");
    const policy = () => (calls++ < 8 ? shellOnly() : none);
    assert.match(
      String(await toldOf(`(async () => { for (;;) await child_process.exec("true") })()`, policy)),
      /the policy has no subprocess any more/,
    );
  });

  test("by its names not being there, without a policy", async () =>
    assert.deepEqual(await resultOf("[typeof Deno, typeof child_process]", policyOf("{}")), [
      "undefined",
      "undefined",
    ]));
});

describe("a program is ended", () => {
  test("when its time is over, the policy's or the script's, with all it has started", async () => {
    assert.match(String(await toldOf(`child_process.exec("sleep 61.5 & sleep 61.5")`)), /did not end within 1 s/);
    assert.match(
      String(await toldOf(`child_process.exec("sleep 61.5", { timeout: 100 })`)),
      /did not end within 0\.1 s/,
    );
    await until(() => !commandLines().some((line) => line.includes("61.5")));
  });

  test("when it prints too much, on either stream", async () => {
    for (const stream of ["", ">&2"])
      assert.match(
        String(await toldOf(`child_process.exec("yes ${stream}")`)),
        /subprocess\.exec failed: 'yes.*' prints more than 1048576 bytes/,
      );
  });

  test("when its script is over, however", async () => {
    for (const end of ["timed_out", "cancelled"] as const) {
      const cancel = new AbortController();
      const running = run(`await child_process.exec("sleep 62.5")`, {
        policy: policyOf("subprocess: { allow: [{ name: shell, programs: [/bin/sh], arguments: [[...]] }] }"),
        limits: { timeoutMs: end === "timed_out" ? 500 : 10_000 },
        signal: cancel.signal,
      });
      await until(() => commandLines().some((line) => line.startsWith("sleep\u000062.5")));
      if (end === "cancelled") cancel.abort();
      assert.equal((await running).status, end);
      await until(() => !commandLines().some((line) => line.includes("62.5")));
    }
    await until(async () => (await host.units.list()).length === 0);
  });
});
