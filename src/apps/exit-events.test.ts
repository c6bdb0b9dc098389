import assert from "node:assert/strict";
import { test } from "node:test";
import { createExitEvents, type ExitEvent } from "./exit-events.ts";
import type { MirroredUnit } from "./mirror.ts";

/** The app after its `n`th run has ended. */
function ended(n: number): MirroredUnit {
  const run = { id: `run${n}`, startedAt: n, exit: { code: n, signal: null, at: n } };
  return {
    unit: { id: "app.1", version: n, revision: 1, enabled: true, createdAt: 0, starts: n, runs: n === 0 ? [] : [run] },
    meta: { kind: "defined", appId: "app", name: "web", exit: { action: "keepalive", byCode: {} } },
  };
}

test("a crash loop tells its first end at once and the others once a minute", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: ExitEvent[] = [];
  using events = createExitEvents((event) => told.push(event));
  for (let n = 1; n <= 150; n++) {
    events.observe({ before: ended(n - 1), after: ended(n) });
    events.observe({ before: ended(n), after: ended(n) }); // news of something else
    t.mock.timers.tick(1_000);
  }
  assert.deepEqual(
    told.map(({ run, exits }) => [run.id, exits]),
    [
      ["run1", 1],
      ["run60", 59],
      ["run120", 60],
    ],
  );
});

test("an app that calmed down is told of at once again", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: ExitEvent[] = [];
  using events = createExitEvents((event) => told.push(event));
  events.observe({ before: ended(0), after: ended(1) });
  t.mock.timers.tick(60_000);
  events.observe({ before: ended(1), after: ended(2) });
  assert.deepEqual(
    told.map(({ exits }) => exits),
    [1, 1],
  );
});

test("an end that was there when the yard came is not told twice", () => {
  using events = createExitEvents(() => assert.fail("told"));
  events.observe({ before: undefined, after: ended(1) });
});
