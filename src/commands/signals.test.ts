import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that says which signal it got, and then takes its time. */
const program = `
  const { onStopRequest } = await import(${JSON.stringify(new URL("./signals.ts", import.meta.url).href)});
  using stop = onStopRequest();
  const busy = setTimeout(() => {}, 20_000);
  console.log("ready");
  console.log(await stop.received);
  await once(process.stdin, "end");
  clearTimeout(busy);`;

async function start(): Promise<ChildProcess> {
  const source = `import { once } from "node:events"; process.stdin.resume();${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} asks to stop, and the process ends by itself`, async () => {
    const child = await start();
    child.kill(signal);
    const [said] = await once(child.stdout!, "data");
    assert.equal(String(said), `${signal}\n`);
    child.stdin!.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

test("the same Ctrl-C delivered twice is one; a second one ends the process at once", async () => {
  const child = await start();
  child.kill("SIGINT");
  await once(child.stdout!, "data");
  child.kill("SIGINT");
  await sleep(600); // longer than one key press may last: both the test and the command measure time here
  assert.equal(child.exitCode, null);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [130, null]);
});
