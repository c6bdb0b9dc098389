import assert from "node:assert/strict";
import { test } from "node:test";
import { createSharedRun } from "./shared-run.ts";

test("who asks while it runs shares the run after it, never that one", async () => {
  const begun: PromiseWithResolvers<number>[] = [];
  const run = createSharedRun(() => {
    const work = Promise.withResolvers<number>();
    begun.push(work);
    return work.promise;
  });
  const first = run();
  await Promise.resolve();
  const [second, third] = [run(), run()];
  assert.equal(begun.length, 1);
  begun[0]?.resolve(1);
  assert.equal(await first, 1);
  await Promise.resolve();
  assert.equal(begun.length, 2);
  begun[1]?.resolve(2);
  assert.deepEqual(await Promise.all([second, third]), [2, 2]);
});

test("a run that fails fails those who share it, and nobody after them", async () => {
  let tries = 0;
  const run = createSharedRun(async () => {
    tries++;
    if (tries === 1) throw new Error("no");
    return tries;
  });
  const [first, also] = [run(), run()];
  await assert.rejects(first, /no/);
  await assert.rejects(also, /no/);
  assert.equal(await run(), 2);
});
