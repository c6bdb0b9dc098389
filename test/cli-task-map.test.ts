import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { openHome } from "./support/home.ts";
import { runyardInTerminal } from "./support/terminal.ts";

describe("one task for each line", () => {
  const line = useCommandYard();
  const { home, done } = line;
  let worker: ReturnType<typeof home.start>;
  before(() => {
    worker = home.start(["worker", "--slots", "4", "--tag", "mine", "--grace", "1s"]);
  });
  after(async () => {
    worker.kill("SIGTERM");
    await worker.ended;
  });

  /** A list, and a command that notes its line each time it runs. */
  function makeList(name: string, lines: readonly string[], before = "") {
    const [list, notes] = [join(home.path, `${name}.txt`), join(home.path, `${name}.notes`)];
    writeFileSync(list, `${lines.join("\n")}\n`);
    const noted = (): string[] => (existsSync(notes) ? readFileSync(notes, "utf8").split("\n").slice(0, -1) : []);
    return {
      ...{ list, noted },
      command: ["--", "sh", "-c", `${before} printf '%s\\n' "$1" >> '${notes}'`, "-", "{}"],
      /** Each line once, in any order. */
      assertOnce: () => assert.deepEqual(noted().toSorted(), lines.toSorted()),
    };
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
  const unfinished = () => {
    const directory = join(home.path, ".local/state/runyard/maps");
    return existsSync(directory) ? readdirSync(directory) : [];
  };

  test("each line is one argument, whatever is in it", async () => {
    const lines = ["a b", "$HOME", "it's", '"q"', "*", "ü;&|", "{}", "$& $1", "-n", "\\n"];
    const { list, command, assertOnce } = makeList("odd", lines);
    const ended = await home.runyard(["task", "map", list, ...command]);
    assert.deepEqual([ended.code, ended.stdout], [0, "10 tasks, all exited with 0.\n"]);
    assert.match(ended.stderr, /^runyard: map [0-9a-f]{20}: 10 tasks\n$/);
    assertOnce();
    assert.deepEqual(unfinished(), []);
  });

  test("the list comes from standard input, without blank lines, and the place of the line may be within an argument", async () => {
    const directory = home.path;
    const stdin = "one\r\n\n  \ntwo";
    await done(["task", "map", "-", "--", "touch", `${directory}/made-{}`], { stdin });
    assert.deepEqual(
      readdirSync(directory)
        .filter((name) => name.startsWith("made-"))
        .toSorted(),
      ["made-one", "made-two"],
    );
  });

  test("what fails is told line by line, and makes the exit code 1", async () => {
    const { list } = makeList("failing", ["0", "3", "killed", "late"]);
    const script = "case $1 in killed) kill -9 $$;; late) sleep 60;; *) exit $1;; esac";
    const args = ["--timeout", "1s", "--", "sh", "-c", script, "-", "{}"];
    const ended = await home.runyard(["task", "map", list, ...args]);
    assert.equal(ended.code, 1);
    const told = ended.stdout.replaceAll(/ \([-0-9a-f]{36}\)/g, "");
    assert.equal(
      told,
      "4 tasks, 3 failed:\n  line 2, 3: it exited with 3\n  line 3, killed: it exited with 137\n  line 4, late: it ran out of time\n",
    );
    const { failures, ...rest } = JSON.parse((await home.runyard(["task", "map", "--json", list, ...args])).stdout);
    assert.equal(rest.total, 4);
    assert.deepEqual(
      failures.map(({ number, line, exitCode, reason }: Record<string, unknown>) => [number, line, exitCode, reason]),
      [
        [2, "3", 3, undefined],
        [3, "killed", 137, undefined],
        [4, "late", undefined, "ExecTimeout"],
      ],
    );
  });

  test("a line that the yard refuses does not keep the others from running", async () => {
    const long = "x".repeat(300_000);
    const { list, command, noted } = makeList("refused", ["short", long]);
    const ended = await home.runyard(["task", "map", list, ...command]);
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /^2 tasks, 1 failed:\n {2}line 2, x+…: refused: .*bytes.*\n$/);
    assert.deepEqual(noted(), ["short"]);
  });

  test("killed in the middle, the same call goes on, and each line runs exactly once", async () => {
    const { list, command, noted, assertOnce } = makeList("killed", numbers(60), "sleep 0.05;");
    const call = ["task", "map", "--jobs", "8", list, ...command];
    const first = home.start(call);
    await until(() => noted().length >= 10, { timeoutMs: 30_000, what: "ten lines are done" });
    first.kill("SIGKILL");
    assert.equal((await first.ended).signal, "SIGKILL");
    assert.equal(unfinished().length, 1);
    const ended = await home.runyard(call);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /60 tasks, begun .*; \d+ of them are submitted already, it goes on with the rest\n/);
    assertOnce();
    assert.deepEqual(unfinished(), []);
    await done(call);
    assert.equal(noted().length, 120); // it was finished: the same call is a new map
  });

  test("killed again and again while it submits, each line runs exactly once", async () => {
    const { list, command, assertOnce } = makeList("hit", numbers(400));
    const call = ["task", "map", list, ...command];
    let isDone = false;
    for (const ms of [600, 700, 800]) {
      const running = home.start(call);
      const timer = setTimeout(() => running.kill("SIGKILL"), ms);
      isDone = (await running.ended).signal === null; // it was quicker
      clearTimeout(timer);
      if (isDone) break;
    }
    if (!isDone) await done(call);
    assertOnce();
  });

  test("two calls of one name at the same moment submit each line once", async () => {
    const { list, command, assertOnce } = makeList("named", numbers(100));
    const call = ["task", "map", "--name", "both", list, ...command];
    const ended = await Promise.all([home.runyard(call), home.runyard(call)]);
    assert.deepEqual(
      ended.map(({ code, stdout }) => [code, stdout]),
      Array(2).fill([0, "100 tasks, all exited with 0.\n"]),
    );
    assertOnce();
    assert.match((await home.runyard(call)).stderr, /100 of them are submitted already/);
    assertOnce();
    assert.deepEqual(unfinished(), []);
  });

  test("Ctrl-C ends the wait, and says how to go on and how to end it", async () => {
    const { list, command, noted, assertOnce } = makeList("left", numbers(6), "sleep 0.2;");
    const running = home.start(["task", "map", "--jobs", "2", list, ...command]);
    await until(() => noted().length > 0, { timeoutMs: 20_000 });
    running.kill("SIGINT");
    const ended = await running.ended;
    assert.equal(ended.code, 130);
    assert.match(
      ended.stderr,
      /what is submitted goes on\..*runyard task cancel --group admin --label map=[0-9a-f]{20}\n$/,
    );
    await done(["task", "map", list, ...command]);
    assertOnce();
  });

  test("--fresh begins anew where a call was broken off", async () => {
    const { list, command, noted } = makeList("fresh", numbers(5), "sleep 0.3;");
    const running = home.start(["task", "map", "--jobs", "1", list, ...command]);
    await until(() => noted().length > 0, { timeoutMs: 20_000 });
    running.kill("SIGKILL");
    await running.ended;
    const begun = noted().length;
    await done(["task", "map", "--fresh", list, ...command]);
    assert.ok(noted().length >= begun + 5);
    assert.deepEqual(unfinished(), []);
  });

  test("no more tasks than --jobs are in the queue", async () => {
    const { list, command } = makeList("bound", numbers(12), "sleep 0.1;");
    const running = home.start(["task", "map", "--jobs", "3", "--label", "bound", list, ...command]);
    let most = 0;
    while (running.exitCode === null) {
      const open = await done(["task", "ls", "--json", "--label", "bound", "--state", "ready", "running"]);
      most = Math.max(most, JSON.parse(open).length);
    }
    assert.equal((await running.ended).code, 0);
    assert.ok(most > 0 && most <= 3, `${most} at the same time`);
  });

  test("a yard that is killed in the middle is waited for, and each line runs exactly once", async () => {
    const { list, command, noted, assertOnce } = makeList("outage", numbers(40), "sleep 0.1;");
    const running = home.start(["task", "map", "--jobs", "6", list, ...command]);
    await until(() => noted().length >= 5, { timeoutMs: 30_000 });
    await line.yard.kill();
    await line.yard.start();
    const ended = await running.ended;
    assert.deepEqual([ended.code, ended.stdout], [0, "40 tasks, all exited with 0.\n"]);
    assertOnce();
  });

  test("a terminal shows a bar that is gone at the end", async () => {
    const { list, command } = makeList("shown", numbers(20), "sleep 0.1;");
    using terminal = runyardInTerminal(home, ["task", "map", list, ...command]);
    assert.equal(await terminal.ended, 0, terminal.shown());
    const shown = terminal.shown();
    assert.match(shown, /\[#+-+\] +\d+% {2}\d+ of 20, [\d.]+\/s, \w+ left/);
    assert.match(shown, /\[#{30}\]100% {2}20 of 20[^\n]*\r\x1b\[K20 tasks, all exited with 0\.\r\n$/);
  });
});

for (const { given, says } of [
  { given: undefined, says: /cannot read/ },
  { given: "\n  \n", says: /has no line/ },
  { given: Buffer.from([0xff, 0xfe, 0x0a]), says: /no text in UTF-8/ },
])
  test(`a list that is none is refused before anything is submitted: ${says.source}`, async () => {
    using home = openHome();
    const list = join(home.path, "list");
    if (given !== undefined) writeFileSync(list, given);
    const ended = await home.runyard(["task", "map", list, "--", "echo", "{}"]);
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, says);
  });

test("a command without a place for the line is a mistake in its use", async () => {
  using home = openHome();
  const ended = await home.runyard(["task", "map", "list", "--", "echo"]);
  assert.deepEqual([ended.code, ended.stdout], [2, ""]);
  assert.match(ended.stderr, /no \{\} in the command/);
});
