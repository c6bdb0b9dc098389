import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../platform/testing/until.ts";
import { createHealthChecks } from "./health-checks.ts";
import type { HealthCheck, UnitEvent } from "./protocol.ts";
import { shellUnit } from "./testing/client.ts";
import { createFakeTime } from "./testing/fake-time.ts";
import { openTestUnits, unitWhere } from "./testing/open-units.ts";

const noon = Date.parse("2026-05-10T12:00:00Z");
const check: HealthCheck = { argv: ["true"], everyMs: 1_000, timeoutMs: 500 };

/** Checks whose answers the test gives. */
function setUp() {
  const time = createFakeTime(noon);
  const asked: { answer: (ok: boolean) => void; signal: AbortSignal }[] = [];
  let changes = 0;
  const checks = createHealthChecks({
    time,
    check: () => check,
    probe: (_check, signal) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      asked.push({ answer: resolve, signal });
      return promise;
    },
    changed: () => void changes++,
  });
  return { time, asked, checks, changes: () => changes };
}

test("there is one check at a time, and the next comes an interval after the last began", async () => {
  const { time, asked, checks } = setUp();
  checks.begin();
  checks.begin();
  await time.pass(10_000);
  assert.equal(asked.length, 1);
  asked[0]?.answer(true);
  await time.pass(1);
  assert.equal(asked.length, 2, "it was late, so the next is at once");
  asked[1]?.answer(true);
  await time.pass(998);
  assert.equal(asked.length, 2);
  await time.pass(2);
  assert.equal(asked.length, 3);
});

test("only a change of health is announced", async () => {
  const { time, asked, checks, changes } = setUp();
  checks.begin();
  for (const [index, ok] of [true, true, false, false, true].entries()) {
    await time.pass(1_000);
    asked[index]?.answer(ok);
    await time.pass(1);
    assert.equal(checks.health?.ok, ok);
  }
  assert.equal(changes(), 3);
});

test("at rest there is no health, and what is under way no longer counts", async () => {
  const { time, asked, checks, changes } = setUp();
  checks.begin();
  await time.pass(1_000);
  asked[0]?.answer(true);
  await time.pass(1_000);
  checks.rest();
  assert.deepEqual([checks.health, asked[1]?.signal.aborted, changes()], [undefined, true, 2]);
  asked[1]?.answer(false);
  await time.pass(10_000);
  assert.deepEqual([checks.health, asked.length], [undefined, 2]);
});

test("checks that begin together are spread over their interval", async () => {
  const all = Array.from({ length: 100 }, setUp);
  for (const { checks } of all) checks.begin();
  for (const { time } of all) await time.pass(500);
  const begun = all.filter(({ asked }) => asked.length > 0).length;
  assert.ok(begun > 10 && begun < 90, `${begun} of 100 in the first half`);
});

test("a unit's health follows its command, without a run, an output or a record", async () => {
  await using host = await openTestUnits(noon);
  const file = join(host.directory, "well");
  const healthCheck = { ...check, argv: ["sh", "-c", `test $PWD = /tmp && test $WHO = me && test -e ${file}`] };
  const spec = shellUnit("u", "exec sleep 300", { healthCheck });
  const events: UnitEvent[] = [];
  using _watch = host.units.watch((event) => events.push(event));
  await host.units.put({ ...spec, process: { ...spec.process, cwd: "/tmp", env: { WHO: "me" } } });
  await host.time.pass(1_000);
  await unitWhere(host, "u", ({ health }) => health?.ok === false);
  writeFileSync(file, "");
  await until(async () => {
    await host.time.pass(1_000);
    return host.units.get("u").health?.ok;
  });
  const { starts, runs } = host.units.get("u");
  assert.deepEqual([starts, runs.length], [1, 1]);
  assert.equal(readdirSync(join(host.directory, "output")).length, 1);
  assert.ok(events.some((event) => event.type === "unit" && event.unit.health?.ok));
  const stopped = await host.units.stop("u", { graceMs: 0 });
  assert.equal(stopped.health, undefined);
  rmSync(file);
});

test("a check that takes too long, or cannot be started, is a failure", async () => {
  await using host = await openTestUnits(noon);
  const failing = { slow: ["sleep", "300"], missing: ["/no/such/program"] };
  for (const [id, argv] of Object.entries(failing)) {
    await host.units.put(shellUnit(id, "exec sleep 300", { healthCheck: { argv, everyMs: 1_000, timeoutMs: 50 } }));
  }
  await host.time.pass(1_000);
  for (const id of Object.keys(failing)) await unitWhere(host, id, ({ health }) => health?.ok === false);
});

test("outside of its window it is not checked", async () => {
  await using host = await openTestUnits(noon - 2_000);
  const window = { from: noon, until: noon + 10_000 };
  await host.units.put(shellUnit("u", "exit 0", { window, healthCheck: check }));
  await host.time.pass(1_500);
  assert.equal(host.units.get("u").health, undefined);
  await host.time.pass(1_500);
  await unitWhere(host, "u", ({ health }) => health?.ok === true);
  await host.time.pass(10_000);
  await unitWhere(host, "u", ({ health }) => health === undefined);
});
