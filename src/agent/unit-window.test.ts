/** Units that may run at times only: real processes, under a clock that the test sets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shellUnit } from "./testing/client.ts";
import { isAlive, openTestUnits, unitWhere } from "./testing/open-units.ts";

const noon = Date.parse("2026-05-10T12:00:00Z");
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const lunch = { daily: { startSeconds: 12 * 3_600, endSeconds: 13 * 3_600 } };

test("a unit starts when its window opens, is killed when it closes, and starts again the next day", async () => {
  await using host = await openTestUnits(noon - minute);
  const spec = shellUnit("u", "exec sleep 300", { window: lunch, keepRuns: 9 });
  const waiting = await host.units.put(spec);
  assert.deepEqual([waiting.starts, waiting.nextStartAt], [0, noon]);
  await host.time.pass(minute);
  await unitWhere(host, "u", ({ runs: [run] }) => isAlive(run));
  assert.equal(host.units.get("u").nextStartAt, undefined);
  await host.time.pass(hour);
  const closed = await unitWhere(host, "u", ({ lastEnded }) => lastEnded !== undefined);
  assert.deepEqual([closed.lastEnded?.stopCause, closed.lastEnded?.exit?.signal], ["window", "SIGKILL"]);
  assert.deepEqual([closed.nextStartAt, closed.lastError?.at], [noon + day, noon + hour]);
  await host.time.pass(day - hour);
  await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
});

test("one that has ended by itself does not start again with the next day", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exit 0", { window: lunch }));
  const ended = await unitWhere(host, "u", ({ lastEnded }) => lastEnded !== undefined);
  assert.equal(ended.nextStartAt, undefined);
  await host.time.pass(day + minute);
  assert.equal(host.units.get("u").starts, 1);
});

test("after its end it never starts again", async () => {
  await using host = await openTestUnits(noon);
  const restart = { onExit: "always", minIntervalMs: 0 } as const;
  const window = { from: noon + minute, until: noon + hour };
  const { nextStartAt } = await host.units.put(shellUnit("u", "exec sleep 300", { window, restart }));
  assert.equal(nextStartAt, noon + minute);
  await host.time.pass(minute);
  await unitWhere(host, "u", ({ runs: [run] }) => isAlive(run));
  await host.time.pass(hour);
  const over = await unitWhere(host, "u", ({ lastEnded }) => lastEnded !== undefined);
  assert.deepEqual([over.lastEnded?.stopCause, over.nextStartAt], ["window", undefined]);
  assert.equal((await host.units.start("u")).starts, 1);
});

test("a scheduled unit has slots inside its window only, and waits for one after it was killed", async () => {
  await using host = await openTestUnits(noon - 2 * hour);
  const schedule = { kind: "interval", from: noon - 10 * hour, everyMs: hour / 2 } as const;
  const { nextStartAt } = await host.units.put(shellUnit("u", "exec sleep 300", { window: lunch, schedule }));
  assert.equal(nextStartAt, noon);
  await host.time.pass(2 * hour + 45 * minute);
  await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
  await host.time.pass(15 * minute);
  const closed = await unitWhere(host, "u", ({ lastEnded }) => lastEnded?.stopCause === "window");
  assert.equal(closed.nextStartAt, noon + day);
});

test("a clock that is set into the closed time ends it, one that is set back lets it start at once", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exec sleep 300", { window: lunch }));
  host.time.setClock(2 * hour);
  await host.time.pass(second);
  const closed = await unitWhere(host, "u", ({ lastEnded }) => lastEnded !== undefined);
  assert.equal(closed.nextStartAt, noon + day);
  host.time.setClock(-2 * hour);
  await host.time.pass(3 * second);
  await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
});

test("the next agent ends what its window no longer allows, and starts what it allows again", async () => {
  await using host = await openTestUnits(noon);
  await host.units.put(shellUnit("u", "exec sleep 300", { window: lunch }));
  await host.restart(2 * hour);
  const closed = await unitWhere(host, "u", ({ lastEnded }) => lastEnded !== undefined);
  assert.deepEqual([closed.lastEnded?.stopCause, closed.nextStartAt], ["window", noon + day]);
  await host.restart(day - 2 * hour + minute);
  await unitWhere(host, "u", ({ starts, runs: [run] }) => starts === 2 && isAlive(run));
});
