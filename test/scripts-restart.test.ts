/** What scripts keep when their server dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { seenProcesses } from "./support/processes.ts";
import { scriptsOf } from "./support/scripts.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

const enginesOf = (yard: RunningYard) =>
  seenProcesses().filter(({ parent, command }) => parent === yard.pid && /engine-process/.test(command));

test("kill -9 of the yard loses nothing that was acknowledged, and fails what was running with the reason", async () => {
  await using yard = await startYard();
  const { ask, run } = scriptsOf(() => yard.url);
  const kept = await run("globalThis.n = 41; console.log('kept'); n", { session: "s", tags: { a: "b" } });
  const { execution_id: id } = await ask("exec", { code: "console.log('so far'); for (;;) {}" });
  const output = () => ask<{ data: string; status: string }>(`executions/${id}/output`);
  await until(async () => (await output()).data === "so far");
  const engines = enginesOf(yard);
  assert.ok(engines.length > 0);

  await yard.kill();
  await until(() =>
    engines.every(({ pid }) => seenProcesses().every((each) => each.pid !== pid || each.state === "Z")),
  );
  await yard.start();

  assert.deepEqual(await ask(`executions/${kept.execution_id}`), kept);
  const { status, error } = await ask(`executions/${id}`);
  assert.deepEqual([status, error], ["failed", "Interrupted: the server ended while the script was running."]);
  assert.deepEqual([(await output()).data, (await output()).status], ["so far", "failed"]);
  assert.equal((await run("n += 1; n", { session: "s" })).result, "42");
  assert.equal((await run("n", { heap: kept.heap })).result, "41");
});

test("kill -9 of an engine fails its own script alone", async () => {
  await using yard = await startYard(["--scripts-engines", "2"]);
  const { ask, ended, run } = scriptsOf(() => yard.url);
  const { execution_id: victim } = await ask("exec", { code: "console.log('on'); for (;;) {}" });
  await until(async () => (await ask<{ data: string }>(`executions/${victim}/output`)).data === "on");
  const [engine] = enginesOf(yard);
  process.kill(engine!.pid, "SIGKILL");
  const { status, error } = await ended(victim);
  assert.deepEqual([status, error], ["failed", "The script engine stopped unexpectedly."]);
  const results = await Promise.all(Array.from({ length: 8 }, (_, i) => run(`${i} * 2`)));
  assert.deepEqual(
    results.map(({ result }) => result),
    ["0", "2", "4", "6", "8", "10", "12", "14"],
  );
});
