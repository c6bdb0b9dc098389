/** What a process is given: arguments, environment, directory, standard input. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { outputOf, type Suite, textSoFar } from "./suite.ts";

export function handsThingsOver({ exec, shell }: Suite): void {
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
