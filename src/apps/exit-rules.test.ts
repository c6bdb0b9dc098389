import assert from "node:assert/strict";
import { test } from "node:test";
import type { StopCause, UnitStatus } from "../agent/protocol.ts";
import { actionAfter, type ExitRules, removalDueAt, restartPolicyOf } from "./exit-rules.ts";

const rules: ExitRules = { action: "keepalive", byCode: { 0: "standby", 3: "remove", 4: "restart" } };
const exit = (code: number | null, signal: string | null = null) => ({ code, signal, at: 1 });

test("the agent restarts after keepalive and restart, by exit code where there is a rule for it", () => {
  assert.deepEqual(restartPolicyOf(rules, { isScheduled: false }), {
    onExit: "always",
    codes: { 0: "no", 3: "no", 4: "always" },
    minIntervalMs: 1_000,
  });
});

for (const { action, isScheduled, onExit } of [
  { action: "standby", isScheduled: false, onExit: "no" },
  { action: "remove", isScheduled: false, onExit: "no" },
  { action: "restart", isScheduled: false, onExit: "always" },
  { action: "restart", isScheduled: true, onExit: "no" },
  { action: "keepalive", isScheduled: true, onExit: "always" },
] as const) {
  test(`after ${action} ${isScheduled ? "with" : "without"} a schedule the policy is ${onExit}`, () => {
    assert.equal(restartPolicyOf({ action, byCode: {} }, { isScheduled }).onExit, onExit);
  });
}

for (const [title, how, action] of [
  ["code 0", exit(0), "standby"],
  ["code 3", exit(3), "remove"],
  ["a code without a rule", exit(7), "keepalive"],
  ["a signal", exit(null, "SIGSEGV"), "keepalive"],
  ["an end that nobody saw", exit(null), "keepalive"],
] as const) {
  test(`after ${title} the action is ${action}`, () => assert.equal(actionAfter(rules, how), action));
}

for (const { title, enabled = true, code, stopCause, removed } of [
  { title: "ended with a code that asks for it", code: 3, removed: true },
  { title: "ended with another code", code: 0, removed: false },
  { title: "still runs", code: undefined, removed: false },
  { title: "was disabled", enabled: false, code: 3, removed: false },
  { title: "was stopped by us", stopCause: "shutdown" as StopCause, code: 3, removed: false },
]) {
  test(`an app that ${title} is ${removed ? "" : "not "}to be removed`, () => {
    const run = { id: "r", startedAt: 0, stopCause, exit: code === undefined ? undefined : exit(code) };
    const unit: UnitStatus = { id: "u", version: 1, revision: 1, enabled, createdAt: 0, starts: 1, runs: [run] };
    assert.equal(removalDueAt({ exit: rules }, unit), removed ? 1 : undefined);
    assert.equal(removalDueAt({ exit: rules, removeAfterMs: 5_000 }, unit), removed ? 5_001 : undefined);
  });
}
