/** When a task that waits for another has waited long enough. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExecState, execStates, isReached, isReachedBy } from "./exec-states.ts";

const all = Object.keys(execStates) as ExecState[];
const numbers = Object.values(execStates);

const passedFrom: Partial<Record<ExecState, readonly number[]>> = {
  FetchResource: numbers.filter((state) => state >= 1),
  FetchResourceFinished: [2, ...numbers.filter((state) => state >= 7)],
  Watch: numbers.filter((state) => state >= 7),
  WatchFinished: [8, ...numbers.filter((state) => state >= 10)],
  ExecPending: numbers.filter((state) => state >= 10),
  ExecSpawned: numbers.filter((state) => state >= 11),
  UploadResult: numbers.filter((state) => state >= 14),
  ExecFinished: [12, 15],
  ExecTimeout: [13, 16],
  WorkerExited: [],
};

for (const target of all) {
  test(`${target} is reached by what its worker announces`, () => {
    const reached = numbers.filter((state) => isReached(target, state));
    assert.deepEqual(reached, passedFrom[target] ?? [execStates[target]]);
    assert.ok(![-99, 0, 20, Number.NaN].some((state) => isReached(target, state)));
  });
}

for (const { state, msg, reached } of [
  { state: "Pending", msg: undefined, reached: [] },
  { state: "Ready", msg: undefined, reached: [] },
  { state: "Running", msg: undefined, reached: ["FetchResource"] },
  { state: "Cancelled", msg: "UserCancellation", reached: ["TaskCommitted"] },
  {
    state: "Cancelled",
    msg: "ExecTimeout",
    reached: ["ExecTimeout", "UploadResult", "UploadCancelledResult", "UploadResultFinished", "TaskCommitted"],
  },
] as const) {
  test(`of a task that is ${state}${msg ? ` for ${msg}` : ""} the coordinator knows ${reached.length} of the states`, () => {
    const info = { state, result: msg ? { msg } : null };
    assert.deepEqual(
      all.filter((target) => isReachedBy(target, info)),
      [...reached],
    );
  });
}

test("one that has finished has passed all but what it failed in, and its upload only with its commit", () => {
  const before = all.filter((target) => isReachedBy(target, { state: "Finished", result: null }));
  const after = all.filter((target) => isReachedBy(target, { state: "Finished", result: { msg: null } }));
  assert.deepEqual(
    after.filter((target) => !before.includes(target)),
    ["UploadResultFinished", "TaskCommitted"],
  );
  assert.ok(!after.some((target) => /Timeout|Error|NotFound|Forbidden|Exited|Cancelled/.test(target)));
});
