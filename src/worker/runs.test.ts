import assert from "node:assert/strict";
import { test } from "node:test";
import { createRuns } from "./runs.ts";
import type { FetchedTask } from "./wire.ts";

function start(slots: number) {
  const steps = new Map<string, { leaveSlot(): void; end(): void }>();
  const runs = createRuns(slots, async ({ uuid }, _signal, leaveSlot) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    steps.set(uuid, { leaveSlot, end: resolve });
    await promise;
  });
  const begin = (uuid: string) => {
    runs.start({ uuid } as FetchedTask);
    return steps.get(uuid)!;
  };
  return { runs, begin };
}

const never = new AbortController().signal;

test("a run has its slot until it ends, or leaves it; until it ends it is held", async () => {
  const { runs, begin } = start(2);
  const [a, b] = [begin("a"), begin("b")];
  assert.equal(runs.room, 0);
  const changed = runs.changed(never);
  a.leaveSlot();
  await changed;
  assert.equal(runs.room, 1);
  assert.deepEqual(runs.uuids(), ["a", "b"]);
  b.end();
  await runs.changed(never);
  assert.equal(runs.room, 2);
  assert.deepEqual(runs.uuids(), ["a"]);
  a.end();
  await runs.ended();
  assert.equal(runs.room, 2);
});

test("no more runs than there are slots may have left theirs", async () => {
  const { runs, begin } = start(2);
  for (const uuid of ["a", "b"]) begin(uuid).leaveSlot();
  const [c, d] = [begin("c"), begin("d")];
  c.leaveSlot();
  d.leaveSlot();
  assert.equal(runs.room, 0);
  c.end();
  await runs.changed(never);
  assert.equal(runs.room, 1);
});
