import assert from "node:assert/strict";
import { test } from "node:test";
import { type AppState, healthOf, stateOf } from "./app-state.ts";
import type { AppSeen } from "./apps.ts";

const now = 1_000_000;
const at = (seconds: number): Date => new Date(now + seconds * 1_000);
const cases: readonly { what: string; state: AppState; seen: Partial<AppSeen> }[] = [
  { what: "has a process", state: "running", seen: { pid: 7 } },
  { what: "was disabled with a start to come", state: "disabled", seen: { enabled: false, nextStartAt: at(9) } },
  { what: "has a start to come", state: "waiting", seen: { starts: 1, nextStartAt: at(9) } },
  { what: "tells of its last planned start", state: "new", seen: { nextStartAt: at(-9) } },
  { what: "exited with 0", state: "ended", seen: { starts: 1, exitCode: 0, startedAt: at(-2), exitedAt: at(-1) } },
  { what: "exited with 3", state: "failed", seen: { starts: 1, exitCode: 3, startedAt: at(-2), exitedAt: at(-1) } },
  {
    what: "exited with 0 and could not be started again",
    state: "failed",
    seen: { starts: 2, exitCode: 0, exitedAt: at(-2), startedAt: at(-1) },
  },
  { what: "ended as nobody knows how", state: "failed", seen: { starts: 1, startedAt: at(-2), exitedAt: at(-1) } },
];

for (const { what, state, seen } of cases) {
  test(`an app that ${what} is ${state}`, () => {
    const app: AppSeen = { json: {}, name: "web", enabled: true, temporary: false, starts: 0, ...seen };
    assert.equal(stateOf(app, now), state);
  });
}

for (const { what, seen, health } of [
  { what: "runs and is unhealthy", seen: { pid: 7, starts: 1, healthy: false }, health: "bad" },
  { what: "ended well", seen: { starts: 1, healthy: true }, health: "ok" },
  { what: "was never started", seen: { healthy: false }, health: undefined },
  { what: "is disabled", seen: { starts: 1, enabled: false, healthy: false }, health: undefined },
] as const) {
  test(`the health of an app that ${what} is ${health}`, () => {
    assert.equal(healthOf({ json: {}, name: "web", enabled: true, temporary: false, starts: 0, ...seen }), health);
  });
}
