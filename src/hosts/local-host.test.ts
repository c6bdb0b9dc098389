import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { UnitEvent, UnitSpec } from "../agent/protocol.ts";
import { newId } from "../platform/ids.ts";
import { isDead, readStat } from "../platform/process/procfs.ts";
import { until } from "../platform/testing/until.ts";
import { dial } from "./local-agent.ts";
import { openLocalHost } from "./local-host.ts";
import { openTestHost, type TestHost } from "./test-host.ts";

function unitSpec(script: string, changes: Partial<UnitSpec> = {}): UnitSpec {
  return {
    id: newId("unit"),
    revision: 1,
    sandbox: "host",
    process: { argv: ["/bin/sh", "-c", script] },
    restart: { onExit: "no", minIntervalMs: 1_000 },
    enabled: true,
    keepRuns: 0,
    ...changes,
  };
}

/** Prints 0, 1, 2, … one line each, until `last`. */
const counter = (last: number, pause = 0.01) =>
  `i=0; while [ $i -le ${last} ]; do echo $i; i=$((i+1)); sleep ${pause}; done`;
const countedTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => `${i}\n`).join("");

async function killAgent(host: TestHost): Promise<number> {
  const { pid } = await host.info();
  process.kill(pid, "SIGKILL");
  await until(async () => (await host.info()).pid !== pid, { what: "another agent answers" });
  return pid;
}

test("a unit is run, and leaves nothing", async () => {
  await using host = await openTestHost();
  const spec = unitSpec("echo out; echo err >&2; exit 3");
  const { unit, output, next } = await host.units.run(spec, { maxBytes: 1_000 });
  assert.equal(output.toString(), "out\nerr\n");
  assert.equal(next, 8);
  assert.equal(unit.runs[0]?.exit?.code, 3);
  await assert.rejects(host.units.get(spec.id), { code: "not_found" });
});

test("the agent is given the machine's environment, and none of ours", async () => {
  const environment = {
    PATH: process.env.PATH,
    LC_ALL: "C",
    RUNYARD_ADMIN_PASSWORD: "secret",
    npm_config_x: "1",
    AWS_SECRET: "s",
  };
  await using host = await openTestHost({ environment });
  const { pid } = await host.info();
  const names = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").map((pair) => pair.split("=")[0]);
  assert.ok(names.includes("PATH") && names.includes("LC_ALL"));
  assert.deepEqual(
    names.filter((name) => /RUNYARD|npm|AWS/.test(name ?? "")),
    [],
  );
});

test("what runs goes on while no control plane is there, and the next one finds it", async () => {
  await using host = await openTestHost();
  const spec = unitSpec(counter(60));
  const put = await host.units.put(spec);
  const { pid: agentPid } = await host.info();
  {
    await using second = await openLocalHost(host.parts);
    assert.equal((await second.info()).pid, agentPid);
    const unit = await second.units.get(spec.id);
    assert.equal(unit.runs[0]?.pid, put.runs[0]?.pid);
    assert.equal(await text(second.units.follow(spec.id, { position: 0 })), countedTo(60));
  }
  const unit = await host.units.ended(spec.id, { timeoutMs: 10_000 });
  assert.equal(unit.runs[0]?.exit?.code, 0);
});

test("a killed agent is started again: processes keep their pids, a follower misses nothing, no exit is invented", async () => {
  await using host = await openTestHost();
  const spec = unitSpec(`${counter(150)}; exit 0`);
  const before = await host.units.put(spec);
  const following = text(host.units.follow(spec.id, { position: 0 }));
  for (let kills = 0; kills < 2; kills++) await killAgent(host);
  const after = await host.units.get(spec.id);
  assert.equal(after.runs[0]?.pid, before.runs[0]?.pid);
  assert.equal(after.starts, 1);
  assert.equal(await following, countedTo(150));
  const { runs } = await host.units.ended(spec.id, { timeoutMs: 10_000 });
  assert.deepEqual({ code: runs[0]?.exit?.code, signal: runs[0]?.exit?.signal }, { code: null, signal: null });
});

test("a run in flight when the agent is killed is never made twice and never given a made-up result", async () => {
  await using host = await openTestHost();
  const running = Promise.withResolvers<void>();
  const spec = unitSpec("echo begun; sleep 0.5");
  using _watch = host.units.watch((event) => {
    if (event.type === "unit" && event.unit.id === spec.id && event.unit.runs[0]?.pid !== undefined) running.resolve();
  });
  const outcome = host.units.run(spec, { maxBytes: 1_000 }).then(
    ({ unit, output }) => ({ exit: unit.runs[0]?.exit, starts: unit.starts, output: output.toString() }),
    (error: { code: string }) => error.code,
  );
  await running.promise;
  await killAgent(host);
  const result = await outcome;
  if (typeof result === "string") return assert.equal(result, "interrupted");
  assert.deepEqual(result, { exit: { code: null, signal: null, at: result.exit?.at }, starts: 1, output: "begun\n" });
});

test("calls made while the agent is being restarted are answered by the next one", async () => {
  await using host = await openTestHost();
  const { pid } = await host.info();
  process.kill(pid, "SIGKILL");
  const specs = Array.from({ length: 5 }, () => unitSpec("sleep 60"));
  const put = await Promise.all(specs.map((spec) => host.units.put(spec)));
  assert.ok(put.every((unit) => unit.runs[0]?.pid !== undefined));
  assert.equal((await host.units.list()).length, specs.length);
});

test("a watcher sees units come, end and go, also over the death of the agent", async () => {
  await using host = await openTestHost();
  const events: UnitEvent[] = [];
  using _watch = host.units.watch((event) => events.push(event));
  await until(() => events.some((event) => event.type === "synced"));
  const [stays, goes] = [unitSpec("sleep 60"), unitSpec("exit 4")];
  await host.units.put(stays);
  await host.units.put(goes);
  await until(() => events.some((event) => event.type === "unit" && event.unit.runs[0]?.exit?.code === 4));
  await host.units.remove(goes.id);
  await until(() => events.some((event) => event.type === "removed" && event.id === goes.id));
  events.length = 0;
  await killAgent(host);
  await until(() => events.some((event) => event.type === "synced"));
  const last = events.findLast((event) => event.type === "unit" && event.unit.id === stays.id);
  assert.ok(last?.type === "unit" && last.unit.starts === 1);
});

test("a program that cannot be started as an agent is told of at once", async () => {
  await assert.rejects(openTestHost({ command: ["/nowhere/agent"] }), { code: "ENOENT" });
  await assert.rejects(openTestHost({ command: ["/bin/sh", "-c", "exit 7"] }), {
    code: "unavailable",
    message: /ended at its start with code 7; agent\.log says why/,
  });
});

test("a socket path that the system would cut is refused", async () => {
  const socketPath = `/tmp/${"x".repeat(120)}/agent.sock`;
  await assert.rejects(openTestHost({ socketPath }), { code: "precondition", message: /too long/ });
});

test("stopping the host ends what runs and the agent, and starts no other", async () => {
  await using host = await openTestHost();
  const { runs } = await host.units.put(unitSpec("trap '' TERM; while :; do sleep 1; done"));
  const { pid } = await host.info();
  await host.stop({ graceMs: 100 });
  assert.ok(runs[0]?.pid);
  for (const gone of [pid, runs[0].pid]) assert.throws(() => process.kill(gone, 0), { code: "ESRCH" });
  await until(() => !host.connected);
  assert.equal(await dial(host.parts.socketPath), undefined);
});

test("stopping a host on which nothing runs is silent too, though its agent is gone in no time", async () => {
  const warnings: string[] = [];
  const log = { info() {}, warn: (_fields: object, message: string) => void warnings.push(message) };
  await using host = await openTestHost({ log });
  await host.stop({ graceMs: 5_000 });
  assert.deepEqual(warnings, []);
});

test("stopping the host is silent, whoever watches and asks meanwhile", async () => {
  const warnings: string[] = [];
  const log = { info() {}, warn: (_fields: object, message: string) => void warnings.push(message) };
  await using host = await openTestHost({ log });
  using _watch = host.units.watch(() => {});
  await host.units.put(unitSpec("exec sleep 60"));
  const calls = Array.from({ length: 20 }, () => host.info().catch(() => undefined)); // as a readiness probe would
  await host.stop({ graceMs: 5_000 });
  await Promise.all(calls);
  await assert.rejects(host.info(), { code: "unavailable" });
  assert.deepEqual(warnings, []);
});

test("a host whose agent was just killed is stopped all the same", async () => {
  await using host = await openTestHost();
  const { runs } = await host.units.put(unitSpec("exec sleep 60"));
  const leader = runs[0]?.pid;
  assert.ok(leader);
  process.kill((await host.info()).pid, "SIGKILL");
  await host.stop({ graceMs: 100 });
  await until(() => {
    const stat = readStat(leader);
    return !stat || isDead(stat); // its parent was the killed agent: whoever reaps it may take a while
  });
});
