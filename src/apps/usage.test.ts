import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../platform/clock.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";
import { createUsageCache } from "./usage.ts";

/** An agent that answers when the test says so. */
function open() {
  let now = 0;
  const asked: { ids: readonly string[]; answer: (rssBytes: number) => void; fail: () => void }[] = [];
  const usageOf = createUsageCache(
    (ids) => {
      const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, ProcessUsage>>();
      const usage = (rssBytes: number) => ({ cpuPercent: 0, rssBytes, openFiles: 0, pids: [] });
      const answer = (rssBytes: number) => resolve(new Map(ids.map((id) => [id, usage(rssBytes)])));
      asked.push({ ids, answer, fail: () => reject(new Error("away")) });
      return promise;
    },
    { ...systemClock, monotonic: () => now },
  );
  const bytes = async (id: string) => (await usageOf([id])).get(id)?.rssBytes;
  const pass = (ms: number) => {
    now += ms;
  };
  return { asked, bytes, pass };
}

test("all who look within a second share one question", async () => {
  const { asked, bytes, pass } = open();
  const both = [bytes("a"), bytes("a")];
  asked[0]?.answer(1);
  assert.deepEqual(await Promise.all(both), [1, 1]);
  pass(999);
  assert.equal(await bytes("a"), 1);
  assert.equal(asked.length, 1);
});

test("after a second the agent is asked again, and nobody waits for it; after two everybody does", async () => {
  const { asked, bytes, pass } = open();
  const first = bytes("a");
  asked[0]?.answer(1);
  await first;
  pass(1_000);
  assert.equal(await bytes("a"), 1);
  assert.equal(await bytes("a"), 1);
  assert.equal(asked.length, 2);
  asked[1]?.answer(2);
  await turn();
  assert.equal(await bytes("a"), 2);
  pass(2_000);
  const late = bytes("a");
  asked[2]?.answer(3);
  assert.equal(await late, 3);
});

test("a failure is told to those who wait, and the next one asks again", async () => {
  const { asked, bytes } = open();
  const first = bytes("a");
  asked[0]?.fail();
  await assert.rejects(first, /away/);
  const second = bytes("a");
  asked[1]?.answer(4);
  assert.equal(await second, 4);
});
