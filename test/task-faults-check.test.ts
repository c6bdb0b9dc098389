/** The judge of the fault run finds each kind of fault: without that, its silence would mean nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CheckedHistory, checkHistory, type FinalState, type FinalTask } from "./support/task-faults/check.ts";

const delivered = { uuid: "t1", worker: "w1", askedAt: 1, at: 2 };
const ended = { uuid: "t1", worker: "w1", waitStatus: 256, sentAt: 3, outcome: "taken" as const };

function historyOf(changes: Partial<CheckedHistory> = {}): CheckedHistory {
  return {
    ...{ submits: [{ uuid: "t1", number: 1, waitStatus: undefined }], lostBatches: new Set(), faults: [] },
    ...{ deliveries: [delivered], ends: [ended], cancels: [], stored: [] },
    ...changes,
  };
}

const task: FinalTask = {
  ...{
    uuid: "t1",
    number: 1,
    labels: ["scripted"],
    state: "Finished",
    reporter: "w1",
    upstream: null,
    downstream: null,
  },
  result: { waitStatus: 256, message: null },
};

function stateOf(changes: Partial<FinalState> = {}): FinalState {
  return { tasks: [task], artifacts: [], taskCount: 1, storageUsed: 0, ...changes };
}

const later = { uuid: "t1", worker: "w2", askedAt: 3, at: 4 };
const cancelledByUser = { waitStatus: 0, message: "UserCancellation" };

test("a run in which all went well has no fault", () => {
  assert.deepEqual(checkHistory(historyOf(), stateOf()), []);
});

test("an end whose answer was lost may be the one that counts", () => {
  assert.deepEqual(checkHistory(historyOf({ ends: [{ ...ended, outcome: "unknown" }] }), stateOf()), []);
});

test("a task may be given to another, and ended by that one", () => {
  const ends = [
    { ...ended, outcome: "refused" as const },
    { ...ended, worker: "w2", sentAt: 6 },
  ];
  const state = stateOf({ tasks: [{ ...task, reporter: "w2" }] });
  assert.deepEqual(checkHistory(historyOf({ deliveries: [delivered, later], ends }), state), []);
});

for (const [fault, history, state, sentence] of [
  ["a lost task", {}, { tasks: [], taskCount: 0 }, /is lost/],
  ["a task that never ended", { ends: [] }, { tasks: [{ ...task, state: "Ready", result: null }] }, /has not ended/],
  ["a task of nobody", {}, { tasks: [task, { ...task, uuid: "t2", number: 2 }], taskCount: 2 }, /nobody has submitted/],
  ["a number that is given twice", {}, { tasks: [task, { ...task, uuid: "t2" }], taskCount: 2 }, /numbers are not/],
  ["another number than was told", {}, { tasks: [{ ...task, number: 2 }] }, /accepted as number 1, and is 2/],
  ["a wrong count", {}, { taskCount: 2 }, /counts 2 tasks/],
  ["two ends", { ends: [ended, { ...ended, sentAt: 4 }] }, {}, /was ended 2 times/],
  ["another result", {}, { tasks: [{ ...task, result: { waitStatus: 512, message: null } }] }, /ended otherwise/],
  ["another reporter", {}, { tasks: [{ ...task, reporter: "w2" }] }, /ended otherwise/],
  [
    "a command's wrong result",
    { submits: [{ uuid: "t1", number: 1, waitStatus: 0 }] },
    {},
    /must end with 0, not with 256/,
  ],
  ["a cancellation that was undone", { cancels: [{ uuid: "t1", outcome: "taken" }], ends: [] }, {}, /ended otherwise/],
  [
    "a cancellation by nobody",
    { ends: [] },
    { tasks: [{ ...task, reporter: null, result: cancelledByUser }] },
    /otherwise/,
  ],
  [
    "an end by whom it was taken from",
    { deliveries: [delivered, later], ends: [{ ...ended, sentAt: 5 }] },
    {},
    /w2 had by then/,
  ],
  ["an end by whom it was never given", { deliveries: [] }, {}, /never given/],
  [
    "content that is gone",
    { stored: [{ uuid: "t1", worker: "w1", sha256: "a" }] },
    {},
    /content of t1 was stored, and is lost/,
  ],
  [
    "content of another run",
    {
      stored: [
        { uuid: "t1", worker: "w1", sha256: "a" },
        { uuid: "t1", worker: "w2", sha256: "b" },
      ],
    },
    { artifacts: [{ uuid: "t1", sha256: "b", bytes: 3 }], storageUsed: 3 },
    /is not what the worker had stored/,
  ],
  [
    "a wrong charge",
    {},
    { artifacts: [{ uuid: "t1", sha256: "a", bytes: 3 }], storageUsed: 4 },
    /charged 4 bytes, and has 3/,
  ],
  ["an answer that nothing explains", { faults: ["500"] }, {}, /500/],
] satisfies [string, Partial<CheckedHistory>, Partial<FinalState>, RegExp][]) {
  test(`${fault} is found`, () => {
    const violations = checkHistory(historyOf(history), stateOf(state));
    assert.ok(
      violations.some((violation) => sentence.test(violation)),
      `found: ${violations.join("\n")}`,
    );
  });
}
