import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** In a process of its own, whose start has just been, and which nothing else keeps busy. Prints KiB. */
const program = `
  import { readFileSync } from "node:fs";
  import { giveBack } from ${JSON.stringify(new URL("./give-back.ts", import.meta.url).href)};
  const resident = () => Number(/^RssFile:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  const before = resident();
  giveBack();
  const after = resident();
  giveBack();
  console.log(JSON.stringify({ before, after, answer: new Intl.NumberFormat("de").format(1234.5) }));`;

test("what the start alone has needed is no longer resident, and is there again when it is needed", {
  skip: process.platform !== "linux" && "only Linux has /proc",
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  const { before, after, answer } = JSON.parse(stdout);
  assert.ok(after < before, `${before} KiB before, ${after} KiB after`);
  assert.equal(answer, "1.234,5");
});
