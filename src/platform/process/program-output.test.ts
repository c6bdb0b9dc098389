import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../testing/until.ts";
import { readStat } from "./procfs.ts";
import { programOutput } from "./program-output.ts";

const explain = (said: string) => new Error(`explained: ${said}`);
const never = new AbortController().signal;

test("what a program prints comes whole", async () => {
  const output = await buffer(programOutput(["sh", "-c", "head -c 1000000 /dev/zero"], { signal: never, explain }));
  assert.equal(output.length, 1_000_000);
});

test("a program that fails says why", async () => {
  const failing = programOutput(["sh", "-c", "echo half; echo no luck >&2; exit 3"], { signal: never, explain });
  await assert.rejects(buffer(failing), { message: "explained: no luck" });
});

test("a program that is not there is a failure, too", async () => {
  await assert.rejects(buffer(programOutput(["/no/such/program"], { signal: never, explain })), {
    message: /explained: .*ENOENT/,
  });
});

test("a program ends when nobody reads on", async () => {
  let pid = 0;
  for await (const bytes of programOutput(["sh", "-c", "echo $$; exec sleep 1000"], { signal: never, explain })) {
    pid = Number(bytes);
    break;
  }
  assert.ok(pid > 0);
  await until(() => readStat(pid) === undefined);
});

test("a program ends with the signal, whose reason is told", async () => {
  const stop = new AbortController();
  const reading = buffer(programOutput(["sleep", "1000"], { signal: stop.signal, explain }));
  stop.abort(new Error("stopped"));
  await assert.rejects(reading, { message: "stopped" });
});
