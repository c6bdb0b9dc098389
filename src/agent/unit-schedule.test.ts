/** Runs that the clock starts: real processes, under a clock that the test sets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schedule } from "./protocol.ts";
import { shellUnit } from "./testing/client.ts";
import { isAlive, openTestUnits, type TestUnits, unitWhere } from "./testing/open-units.ts";

const noon = Date.parse("2026-05-10T12:00:00Z");
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const minutely: Schedule = { kind: "interval", from: noon + minute, everyMs: minute };

/** All of its runs have begun at slots, and it has started so often. */
async function startsOf(host: TestUnits, starts: number): Promise<readonly number[]> {
  const unit = await unitWhere(host, "u", (unit) => unit.starts === starts && unit.runs[0]?.exit !== undefined);
  return unit.runs.map(({ startedAt }) => startedAt - noon).reverse();
}

for (const { what, schedule } of [
  { what: "an interval", schedule: minutely },
  { what: "a cron expression", schedule: { kind: "cron", expression: "0 * * * * *", timeZone: "UTC" } as const },
]) {
  test(`${what} starts runs at its slots and nowhere else`, async () => {
    await using host = await openTestUnits(noon + second);
    const unit = await host.units.put(shellUnit("u", "exit 0", { schedule, keepRuns: 9 }));
    assert.deepEqual([unit.starts, unit.nextStartAt], [0, noon + minute]);
    for (const slot of [1, 2, 3]) {
      await host.time.pass(slot === 1 ? minute - second : minute);
      await startsOf(host, slot);
    }
    assert.deepEqual(await startsOf(host, 3), [minute, 2 * minute, 3 * minute]);
    assert.equal(host.units.get("u").nextStartAt, noon + 4 * minute);
    const started = await host.units.start("u");
    assert.equal(started.starts, 3, "its slots start it, not a start of what is enabled already");
  });
}

test("disabling it takes its next start away, enabling gives it the next slot to come", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { schedule: minutely }));
  assert.equal((await host.units.stop("u", { graceMs: 0 })).nextStartAt, undefined);
  await host.time.pass(5 * minute + second);
  const unit = await host.units.start("u");
  assert.deepEqual([unit.starts, unit.nextStartAt], [0, noon + 6 * minute]);
});

test("the run before is killed when the next is due", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exec sleep 300", { schedule: minutely, keepRuns: 1 }));
  await host.time.pass(minute);
  await unitWhere(host, "u", ({ runs: [run] }) => isAlive(run));
  await host.time.pass(minute);
  const { runs } = await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
  assert.deepEqual([runs[1]?.stopCause, runs[1]?.exit?.signal], ["superseded", "SIGKILL"]);
});

test("it may live on beside the next, so long and no longer", async () => {
  await using host = await openTestUnits(noon);
  const spec = shellUnit("u", "exec sleep 300", { schedule: minutely, overlapMs: 10 * second, keepRuns: 0 });
  await host.units.put(spec);
  await host.time.pass(minute);
  const { runs: first } = await unitWhere(host, "u", ({ runs: [run] }) => isAlive(run));
  await host.time.pass(minute);
  const both = await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
  assert.deepEqual(both.runs.map(isAlive), [true, true]);
  assert.equal(both.runs[1]?.id, first[0]?.id);
  assert.equal(both.runs[1]?.stopCause, undefined);
  await host.time.pass(9 * second);
  assert.ok(isAlive(host.units.get("u").runs[1]));
  await host.time.pass(second);
  const after = await unitWhere(host, "u", ({ runs }) => runs.length === 1);
  assert.ok(isAlive(after.runs[0]));
  assert.deepEqual([after.lastEnded?.id, after.lastEnded?.stopCause], [first[0]?.id, "superseded"]);
  assert.equal(after.starts, 2, "the end of an older run starts nothing");
});

test("stopping it ends all of its runs", async () => {
  await using host = await openTestUnits(noon);
  const spec = shellUnit("u", "exec sleep 300", { schedule: minutely, overlapMs: hour, keepRuns: 5 });
  await host.units.put(spec);
  for (const starts of [1, 2, 3]) {
    await host.time.pass(minute);
    await unitWhere(host, "u", (unit) => unit.starts === starts && isAlive(unit.runs[0]));
  }
  const stopped = await host.units.stop("u", { graceMs: 1_000 });
  assert.deepEqual(
    stopped.runs.map(({ stopCause, exit }) => [stopCause, exit?.signal]),
    Array(3).fill(["stopped", "SIGTERM"]),
  );
});

test("one that starts at once and again at its end is always up, and made anew at each slot", async () => {
  await using host = await openTestUnits(noon);
  const restart = { onExit: "always", minIntervalMs: second } as const;
  const spec = shellUnit("u", "exec sleep 300", { schedule: minutely, startsAtOnce: true, restart });
  const { runs, nextStartAt } = await host.units.put(spec);
  assert.ok(isAlive(runs[0]));
  assert.equal(nextStartAt, noon + minute);
  process.kill(runs[0]?.pid ?? 0, "SIGKILL");
  const ended = await unitWhere(host, "u", (unit) => unit.lastEnded !== undefined);
  assert.equal(ended.nextStartAt, noon + second);
  await host.time.pass(second);
  await unitWhere(host, "u", (unit) => unit.starts === 2 && isAlive(unit.runs[0]));
  await host.time.pass(minute);
  const again = await unitWhere(host, "u", (unit) => unit.starts === 3 && isAlive(unit.runs[0]));
  assert.equal(again.lastEnded?.stopCause, "superseded");
});

test("slots that the clock was set past are skipped, and the next one counts", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { schedule: minutely, keepRuns: 9 }));
  await host.time.pass(minute);
  await startsOf(host, 1);
  host.time.setClock(hour + 30 * second);
  await host.time.pass(10 * second);
  assert.deepEqual([host.units.get("u").starts, host.units.get("u").nextStartAt], [1, noon + hour + 2 * minute]);
  await host.time.pass(20 * second);
  assert.deepEqual(await startsOf(host, 2), [minute, hour + 2 * minute]);
});

test("a clock that is set back a little fires no slot twice", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { schedule: minutely, keepRuns: 9 }));
  await host.time.pass(minute + second);
  await startsOf(host, 1);
  host.time.setClock(-30 * second);
  await host.time.pass(30 * second);
  assert.equal(host.units.get("u").starts, 1);
  await host.time.pass(minute);
  assert.deepEqual(await startsOf(host, 2), [minute, 2 * minute]);
});

test("a clock that is set back by an hour does not silence a schedule of minutes", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { schedule: { kind: "interval", from: 0, everyMs: minute } }));
  await startsOf(host, 1); // the slot of noon itself
  await host.time.pass(second);
  host.time.setClock(-hour);
  await host.time.pass(2 * second);
  assert.equal(host.units.get("u").nextStartAt, noon - hour + minute);
  await host.time.pass(minute);
  await startsOf(host, 2);
});

test("a restart that waits does not wait for the hour to come again", async () => {
  await using host = await openTestUnits(noon);
  const restart = { onExit: "always", minIntervalMs: 5 * second } as const;
  await host.units.put(shellUnit("u", "exit 1", { restart }));
  await unitWhere(host, "u", (unit) => unit.nextStartAt === noon + 5 * second);
  host.time.setClock(-hour);
  await host.time.pass(7 * second);
  await unitWhere(host, "u", (unit) => unit.starts === 2);
});

test("the next agent fires no slot again, skips those that were missed, and goes on with the next", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { schedule: minutely, keepRuns: 9 }));
  await host.time.pass(minute);
  await startsOf(host, 1);
  await host.restart(500);
  assert.deepEqual([host.units.get("u").starts, host.units.get("u").nextStartAt], [1, noon + 2 * minute]);
  await host.restart(hour + 30 * second);
  assert.deepEqual([host.units.get("u").starts, host.units.get("u").nextStartAt], [1, noon + hour + 2 * minute]);
  await host.time.pass(minute);
  assert.deepEqual(await startsOf(host, 2), [minute, hour + 2 * minute]);
});

test("a run that lives on does so under the next agent, and ends in time", async () => {
  await using host = await openTestUnits(noon);
  const spec = shellUnit("u", "exec sleep 300", { schedule: minutely, overlapMs: 10 * second, keepRuns: 9 });
  await host.units.put(spec);
  for (const starts of [1, 2]) {
    await host.time.pass(minute);
    await unitWhere(host, "u", (unit) => unit.starts === starts && isAlive(unit.runs[0]));
  }
  await host.restart(5 * second);
  assert.deepEqual(host.units.get("u").runs.map(isAlive), [true, true]);
  await host.time.pass(5 * second);
  const { runs } = await unitWhere(host, "u", ({ runs }) => runs[1]?.exit !== undefined);
  assert.deepEqual([isAlive(runs[0]), runs[1]?.stopCause], [true, "superseded"]);
});

test("what is no cron expression is refused, and changes nothing", async () => {
  await using host = await openTestUnits(noon);
  const bad = { schedule: { kind: "cron", expression: "every day" } } as const;
  await assert.rejects(host.units.put(shellUnit("u", "exit 0", bad)), { code: "precondition", field: "schedule" });
  assert.deepEqual(host.units.list(), []);
  await host.units.put(shellUnit("u", "exec sleep 300"));
  await assert.rejects(host.units.put(shellUnit("u", "exit 0", { revision: 2, ...bad })), { code: "precondition" });
  assert.deepEqual([host.units.get("u").revision, isAlive(host.units.get("u").runs[0])], [1, true]);
});
