import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppDefinition } from "./app.ts";
import { definitionOf } from "./testing.ts";
import { definedMeta, unitSpecOf } from "./unit-spec.ts";

function specOf(changes: Partial<AppDefinition>) {
  const definition = definitionOf(["/bin/true"], changes);
  const meta = definedMeta({ id: "app_1", name: "web", definition });
  return unitSpecOf({ id: "app_1.1", revision: 1, enabled: true, definition, osUser: "", meta }, undefined);
}

const interval = { kind: "interval", every: { text: "60", ms: 60_000 }, from: 5 } as const;
const cron = { kind: "cron", expression: "0 0 * * * *" } as const;

test("an app without times is a unit without them", () => {
  const { schedule, startsAtOnce, window, overlapMs, healthCheck } = specOf({ retention: { text: "9", ms: 9_000 } });
  assert.deepEqual([schedule, startsAtOnce, window, overlapMs, healthCheck], Array(5).fill(undefined));
});

test("schedule, window, overlap and health check are the agent's part", () => {
  const window = { from: 1, until: 2, daily: { startSeconds: 3, endSeconds: 4 } };
  const spec = specOf({
    schedule: interval,
    window,
    retention: { text: "9", ms: 9_000 },
    healthCheck: { command: "curl x", argv: ["curl", "x"] },
  });
  assert.deepEqual(spec.schedule, { kind: "interval", everyMs: 60_000, from: 5 });
  assert.deepEqual(spec.window, window);
  assert.equal(spec.overlapMs, 9_000);
  assert.deepEqual(spec.healthCheck, { argv: ["curl", "x"], everyMs: 1_000, timeoutMs: 10_000 });
  assert.deepEqual([spec.meta?.removeAfterMs, spec.meta?.isChecked], [9_000, true]);
  assert.deepEqual(specOf({ schedule: cron }).schedule, cron);
});

for (const { schedule, action, atOnce, policy } of [
  { schedule: interval, action: "keepalive", atOnce: true, policy: "always" },
  { schedule: interval, action: "restart", atOnce: false, policy: "no" },
  { schedule: interval, action: "standby", atOnce: false, policy: "no" },
  { schedule: cron, action: "keepalive", atOnce: false, policy: "always" },
  { schedule: cron, action: "restart", atOnce: false, policy: "no" },
] as const) {
  test(`${action} with ${schedule.kind} starts ${atOnce ? "at once" : "at the first slot"}, after an end ${policy}`, () => {
    const spec = specOf({ schedule, exit: { action, byCode: {} } });
    assert.deepEqual([spec.startsAtOnce, spec.restart.onExit], [atOnce, policy]);
  });
}

test("whether an interval app starts at once is asked of the action after code 0", () => {
  assert.deepEqual(specOf({ schedule: interval, exit: { action: "keepalive", byCode: {} } }).schedule, {
    kind: "interval",
    from: 60_005, // the first slot is the start at once
    everyMs: 60_000,
  });
  const exit = { action: "keepalive", byCode: { 0: "standby" } } as const;
  assert.equal(specOf({ schedule: interval, exit }).startsAtOnce, false);
});
