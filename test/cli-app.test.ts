import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { type Ended, openHome } from "./support/home.ts";
import { runyardInTerminal } from "./support/terminal.ts";
import { startYard } from "./support/yard-process.ts";

/** Prints a number each 50 ms, for ever. */
const counter = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done"];

describe("apps on a running yard", () => {
  const { home, done } = useCommandYard();

  const app = (...args: string[]): Promise<Ended> => home.runyard(["app", ...args]);

  async function seen(name: string): Promise<Record<string, unknown>> {
    return JSON.parse(await done(["app", "show", "--json", name]));
  }

  test("without an app the list says how to add one", async () => {
    const ended = await app("ls");
    assert.deepEqual([ended.code, ended.stdout], [0, ""]);
    assert.match(ended.stderr, /runyard app add/);
    assert.equal(await done(["app", "ls", "--json"]), "[]\n");
  });

  test("an app is added, listed, shown, stopped, started, restarted and deleted", async () => {
    assert.match(
      await done(["app", "add", "life", "--env", "A=1", "--", "sleep", "600"]),
      /^life runs: process \d+\.\n$/,
    );
    assert.match(await done(["app", "ls"]), /^NAME .*\n(.*\n)*life +running +\d+ +ok /);
    const first = await seen("life");
    assert.deepEqual([first.command, first.env], ["sleep 600", { A: "1" }]);
    assert.match(await done(["app", "show", "life"]), /^life\n {2}state +running\n(.*\n)* {2}command +sleep 600\n/);

    assert.equal(await done(["app", "stop", "life"]), "life is stopped and disabled.\n");
    assert.deepEqual([(await seen("life")).status, (await seen("life")).pid], [0, undefined]);
    assert.match(await done(["app", "start", "life"]), /^life runs: process \d+\.\n$/);
    const [restarted] = JSON.parse(await done(["app", "restart", "--json", "life"]));
    assert.notEqual(restarted.pid, first.pid);

    assert.equal(await done(["app", "rm", "--yes", "life"]), "life is deleted.\n");
    const gone = await app("show", "life");
    assert.equal(gone.code, 1);
    assert.equal(gone.stderr, "runyard: there is no app life. See which there are: runyard app ls\n");
  });

  test("arguments arrive as they were given, without a shell, and --shell is one", async () => {
    const args = ["a b", "$HOME", "it's", '"q"', "", "*", "ü;&|"];
    await done(["app", "add", "quoted", "--", "printf", "%s\\n", ...args]);
    assert.equal(await done(["app", "logs", "quoted"]), `${args.join("\n")}\n`);
    await done(["app", "add", "script", "--shell", "echo $((1 + 2)) | tr 3 x"]);
    assert.equal(await done(["app", "logs", "script"]), "x\n");
  });

  test("an app that exists is replaced only when that is said", async () => {
    await done(["app", "add", "kept", "--", "sleep", "600"]);
    const { pid } = await seen("kept");
    const refused = await app("add", "kept", "--", "sleep", "601");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /there is an app kept already \(sleep 600; running\).*--replace/);
    assert.equal((await seen("kept")).pid, pid);
    await done(["app", "add", "kept", "--replace", "--", "sleep", "601"]);
    assert.equal((await seen("kept")).command, "sleep 601");
  });

  test("a program that does not keep running is reported with the reason, and so is one that is not there", async () => {
    const crashed = await app("add", "crash", "--", "sh", "-c", "echo why; exit 3");
    assert.equal(crashed.code, 1);
    assert.match(crashed.stderr, /crash did not keep running: .*It exited with 3.*runyard app logs crash/);
    const missing = await app("add", "missing", "--", "/no/such/program");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /missing did not keep running: .*\/no\/such\/program.*runyard app show missing/);
    assert.match((await app("start", "missing")).stderr, /did not keep running/);
    assert.match(await done(["app", "ls"]), /\ncrash +failed .* 3 +-\n(.*\n)*missing +failed /);
  });

  test("an app that has done its work says so, and start runs it again", async () => {
    assert.equal(await done(["app", "add", "once", "--", "true"]), "once has run and exited with 0.\n");
    assert.equal(await done(["app", "start", "once"]), "once has run and exited with 0.\n");
    assert.equal((await seen("once")).starts, 2);
  });

  test("a disabled app is defined and not started", async () => {
    assert.match(
      await done(["app", "add", "later", "--disabled", "--", "sleep", "600"]),
      /disabled.*runyard app start later/,
    );
    assert.equal((await seen("later")).starts, 0);
  });

  test("several apps are changed in one go, and one that fails does not hold up the others", async () => {
    await done(["app", "add", "several", "--", "sleep", "600"]);
    const ended = await app("stop", "nobody", "several");
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /no app nobody/);
    assert.equal(ended.stdout, "several is stopped and disabled.\n");
  });

  test("secrets come from standard input, reach the process, and are shown nowhere", async () => {
    const args = ["app", "add", "secret", "--secret-env-file", "-", "--", "sh", "-c", 'echo "$TOKEN"; sleep 600'];
    assert.equal(await done(args, { stdin: '# of the vault\nTOKEN="s3cr3t value"\n' }), await runsLine("secret"));
    await until(async () => (await app("logs", "secret")).stdout === "s3cr3t value\n");
    const shown = (await done(["app", "show", "secret"])) + (await done(["app", "ls", "--json"]));
    assert.match(shown, /secrets +TOKEN\n/);
    assert.doesNotMatch(shown, /s3cr3t/);
  });

  const runsLine = async (name: string): Promise<string> => `${name} runs: process ${(await seen(name)).pid}.\n`;

  test("a definition comes from a file, and what was shown as JSON can be given back", async () => {
    const yaml = join(home.path, "filed.yaml");
    writeFileSync(yaml, "name: filed\ncommand: sleep 600\nenv: { A: one }\n");
    await done(["app", "add", "--file", yaml, "--env", "B=two"]);
    const shown = await seen("filed");
    assert.deepEqual(shown.env, { A: "one", B: "two" });
    const json = JSON.stringify({ ...shown, description: "given back" });
    await done(["app", "add", "--replace", "--file", "-"], { stdin: json });
    assert.equal((await seen("filed")).description, "given back");
  });

  test("what is no definition is refused with its file, and nothing is added", async () => {
    const broken = join(home.path, "broken.json");
    writeFileSync(broken, '{"name": "broken"');
    const ended = await app("add", "--file", broken);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^runyard: --file: .*broken\.json is no definition/);
    assert.match((await app("add", "--file", "/no/such.yaml")).stderr, /cannot read \/no\/such\.yaml/);
    assert.equal((await app("show", "broken")).code, 1);
  });

  test("a list is not deleted without a word: without a terminal rm wants --yes, at one it asks", async () => {
    await done(["app", "add", "precious", "--disabled", "--", "true"]);
    const refused = await app("rm", "precious");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--yes/);

    for (const { answer, says } of [
      { answer: "n", says: /precious is left as it is\./ },
      { answer: "y", says: /precious is deleted\./ },
    ]) {
      using terminal = runyardInTerminal(home, ["app", "rm", "precious"], { cols: 200 });
      await terminal.shows(/Delete precious and its output\? \[y\/N\]/);
      terminal.write(`${answer}\r`);
      await terminal.shows(says);
    }
    assert.equal((await app("show", "precious")).code, 1);
  });

  test("logs prints all, the last lines, the last bytes or JSON", async () => {
    await done(["app", "add", "talk", "--", "printf", "one\\ntwo\\nthree\\n"]);
    assert.equal(await done(["app", "logs", "talk"]), "one\ntwo\nthree\n");
    assert.equal(await done(["app", "logs", "--tail", "2", "talk"]), "two\nthree\n");
    assert.equal(await done(["app", "logs", "--bytes", "4", "talk"]), "ree\n");
    const lines = (await done(["app", "logs", "--json", "--tail", "1", "talk"])).trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [{ app: "talk", line: "three" }],
    );
  });

  test("output is printed byte for byte, however large", async () => {
    await done(["app", "add", "large", "--shell", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    assert.equal((await done(["app", "logs", "large"])).length, 3_000_000);
  });

  test("earlier outputs that are kept can be read, others are refused with the reason", async () => {
    await done(["app", "add", "earlier", "--keep-outputs", "1", "--shell", "date +%N"]);
    const first = await done(["app", "logs", "earlier"]);
    await done(["app", "start", "earlier"]);
    assert.equal(await done(["app", "logs", "--index", "1", "earlier"]), first);
    assert.notEqual(await done(["app", "logs", "earlier"]), first);
    const refused = await app("logs", "--index", "2", "earlier");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /outputs of 2 runs.*runyard app show earlier/);
    assert.match((await app("logs", "nobody")).stderr, /there is no app nobody/);
  });

  test("logs -f goes on with the next process, and Ctrl-C ends it quietly", async () => {
    await done(["app", "add", "follow", "--", "sh", "-c", "echo $$; sleep 600"]);
    const following = home.start(["app", "logs", "-f", "follow"]);
    let text = "";
    following.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    await until(() => text.split("\n").length === 2);
    await done(["app", "restart", "follow"]);
    await until(() => text.split("\n").length === 3);
    following.kill("SIGINT");
    const { code, stderr } = await following.ended;
    assert.equal(code, 130);
    assert.doesNotMatch(stderr, /error|abort/i);
    assert.equal(new Set(text.trim().split("\n")).size, 2, "two processes, each once");
  });

  test("logs -f waits for the first start, and ends when the app is deleted", async () => {
    await done(["app", "add", "coming", "--disabled", "--", "sh", "-c", "echo here; sleep 600"]);
    const following = home.start(["app", "logs", "-f", "coming"]);
    let text = "";
    following.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    let said = "";
    following.stderr!.on("data", (chunk) => {
      said += chunk;
    });
    await until(() => said.includes("waiting for its next start"));
    await done(["app", "start", "coming"]);
    await until(() => text === "here\n");
    await done(["app", "rm", "--yes", "coming"]);
    const { code, stderr } = await following.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /coming was deleted/);
  });

  test("a reader that closes early ends logs -f without a complaint", async () => {
    await done(["app", "add", "chatter", "--", ...counter]);
    const following = home.start(["app", "logs", "-f", "chatter"]);
    following.ended.catch(() => {}); // its output was not read to the end: we are the reader that closes
    let said = "";
    following.stderr!.on("data", (chunk) => {
      said += chunk;
    });
    await once(following.stdout!, "data");
    following.stdout!.destroy();
    const [code] = await once(following, "exit");
    assert.deepEqual([code, said], [0, ""]);
    await done(["app", "rm", "--yes", "chatter"]);
  });

  test("names that the yard or the URL could mistake are data", async () => {
    for (const name of ["..", "../applications", "a/../b", "%2e%2e"]) {
      const ended = await app("show", name);
      assert.equal(ended.code, 1, name);
      assert.match(ended.stderr, /there is no app/, name);
    }
    const control = await app("add", "evil\x1b]0;title\x07", "--", "true");
    assert.equal(control.code, 1);
    assert.doesNotMatch(control.stderr, /\x1b|\x07/);
  });
});

test("followed logs go on through a restart of the yard, without a gap or a repetition", async () => {
  using home = openHome();
  const first = await startYard([], home);
  const { port } = new URL(first.local.url);
  assert.equal((await home.runyard(["app", "add", "count", "--", ...counter])).code, 0);
  const following = home.start(["app", "logs", "-f", "count"]);
  let text = "";
  following.stdout!.on("data", (chunk) => {
    text += chunk;
  });
  await until(() => text.includes("5\n"));
  assert.equal((await first.stop()).code, 0);
  await using _second = await startYard(["--listen", `127.0.0.1:${port}`], home);
  const before = text.split("\n").length;
  await until(() => text.split("\n").length > before + 20);
  following.kill("SIGINT");
  assert.equal((await following.ended).code, 130);
  const numbers = text.split("\n").slice(0, -1).map(Number);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

testMisuse(
  { args: ["app", "nope"], says: /unknown command/ },
  { args: ["app", "add", "web"], says: /no command/ },
  { args: ["app", "add", "web", "--shell", "a", "--", "b"], says: /leave one out/ },
  { args: ["app", "add", "web", "--every", "soon", "--", "b"], says: /It is a duration/ },
  { args: ["app", "add", "web", "--file", "-", "--secret-env-file", "-"], says: /cannot both be standard input/ },
  { args: ["app", "start"], says: /missing required argument/ },
  { args: ["app", "logs", "web", "--tail", "-1"], says: /whole number/ },
  { args: ["app", "logs", "web", "-f", "--index", "1"], says: /cannot be used with/ },
  { args: ["send"], says: /missing required argument/ },
  { args: ["send", "web", "a", "--file", "b"], says: /given twice/ },
  { args: ["send", "web", "a", "--timeout", "0"], says: /whole number/ },
);

testHelp(...withBelow("app", "ls", "add", "show", "start", "stop", "restart", "rm", "logs"), "send");
