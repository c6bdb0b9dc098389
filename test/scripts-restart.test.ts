/** What scripts keep when their server dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { seenProcesses } from "./support/processes.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

interface Info {
  readonly execution_id: string;
  readonly status: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly heap: string | null;
}

async function ask<T>(yard: RunningYard, path: string, body?: object): Promise<T> {
  const response = await fetch(`${yard.url}/api/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, await response.clone().text());
  return (await response.json()) as T;
}

async function run(yard: RunningYard, body: object): Promise<Info> {
  const { execution_id: id } = await ask<Info>(yard, "exec", body);
  return until(async () => {
    const info = await ask<Info>(yard, `executions/${id}`);
    return info.status === "running" ? undefined : info;
  });
}

const enginesOf = (yard: RunningYard) =>
  seenProcesses().filter(({ parent, command }) => parent === yard.pid && /engine-process/.test(command));

test("kill -9 of the yard loses nothing that was acknowledged, and fails what was running with the reason", async () => {
  await using yard = await startYard();
  const kept = await run(yard, { code: "globalThis.n = 41; console.log('kept'); n", session: "s", tags: { a: "b" } });
  const { execution_id: id } = await ask<Info>(yard, "exec", { code: "console.log('so far'); for (;;) {}" });
  const output = () => ask<{ data: string; status: string }>(yard, `executions/${id}/output`);
  await until(async () => (await output()).data === "so far");
  const engines = enginesOf(yard);
  assert.ok(engines.length > 0);

  await yard.kill();
  await until(() =>
    engines.every(({ pid }) => seenProcesses().every((each) => each.pid !== pid || each.state === "Z")),
  );
  await yard.start();

  assert.deepEqual(await ask(yard, `executions/${kept.execution_id}`), kept);
  const { status, error } = await ask<Info>(yard, `executions/${id}`);
  assert.deepEqual([status, error], ["failed", "Interrupted: the server ended while the script was running."]);
  assert.deepEqual([(await output()).data, (await output()).status], ["so far", "failed"]);
  assert.equal((await run(yard, { code: "n += 1; n", session: "s" })).result, "42");
  assert.equal((await run(yard, { code: "n", heap: kept.heap })).result, "41");
});

test("kill -9 of an engine fails its own script alone", async () => {
  await using yard = await startYard(["--scripts-engines", "2"]);
  const { execution_id: victim } = await ask<Info>(yard, "exec", { code: "console.log('on'); for (;;) {}" });
  await until(async () => (await ask<{ data: string }>(yard, `executions/${victim}/output`)).data === "on");
  const [engine] = enginesOf(yard);
  process.kill(engine!.pid, "SIGKILL");
  const ended = await until(async () => {
    const info = await ask<Info>(yard, `executions/${victim}`);
    return info.status === "running" ? undefined : info;
  });
  assert.deepEqual([ended.status, ended.error], ["failed", "The script engine stopped unexpectedly."]);
  const results = await Promise.all(Array.from({ length: 8 }, (_, i) => run(yard, { code: `${i} * 2` })));
  assert.deepEqual(
    results.map(({ result }) => result),
    ["0", "2", "4", "6", "8", "10", "12", "14"],
  );
});
