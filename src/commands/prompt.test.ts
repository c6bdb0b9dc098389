import assert from "node:assert/strict";
import { test } from "node:test";
import { spawn } from "@lydell/node-pty";
import { until } from "../platform/testing/until.ts";

const promptUrl = JSON.stringify(new URL("./prompt.ts", import.meta.url).href);

/** A process at a terminal that asks one question and prints what it was told. */
function start(options: string) {
  const program = `
    const { ask } = await import(${promptUrl});
    console.log("answer:", await ask("Question: ", ${options}).catch((error) => error.code));`;
  const terminal = spawn(process.execPath, ["--input-type=module", "--eval", program], {});
  let shown = "";
  terminal.onData((data) => {
    shown += data;
  });
  return { terminal, shown: () => shown };
}

test("a hidden answer arrives whole and is not shown", async () => {
  const { terminal, shown } = start("{ hidden: true }");
  await until(() => shown().includes("Question: "));
  terminal.write("sesame, ünlocked\x7fd\r");
  await until(() => shown().includes("answer:"));
  assert.ok(shown().endsWith("answer: sesame, ünlocked\r\n"), shown());
  assert.equal(shown().split("sesame").length, 2, "only our own echo of the answer");
});

test("an answer that is not hidden is shown as it is typed", async () => {
  const { terminal, shown } = start("{}");
  await until(() => shown().includes("Question: "));
  terminal.write("ada\r");
  await until(() => shown().includes("answer: ada"));
  assert.equal(shown().split("ada").length, 3);
});

for (const { key, name } of [
  { key: "\x03", name: "Ctrl-C" },
  { key: "\x04", name: "Ctrl-D" },
]) {
  test(`${name} cancels the question`, async () => {
    const { terminal, shown } = start("{ hidden: true }");
    await until(() => shown().includes("Question: "));
    terminal.write(key);
    await until(() => shown().includes("answer: interrupted"));
  });
}
