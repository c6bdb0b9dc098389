import assert from "node:assert/strict";
import { test } from "node:test";
import { createGathering } from "./gathering.ts";
import { until } from "./testing/until.ts";

type Flushed = ReadonlyMap<string, string> | "lost";

function flushesOf(options: { most?: number; merge?: (before: string, now: string) => string } = {}) {
  const flushes: Flushed[] = [];
  const gathering = createGathering<string>({
    intervalMs: 20,
    most: options.most ?? 10,
    merge: options.merge,
    flush: (gathered) => void flushes.push(gathered),
  });
  return { flushes, gathering, [Symbol.dispose]: () => gathering[Symbol.dispose]() };
}

test("the first is told at once, what follows together, and the last of a key counts", async () => {
  using opened = flushesOf();
  const { flushes, gathering } = opened;
  gathering.add("a", "1");
  await until(() => flushes.length === 1, { what: "the first flush" });
  for (const value of ["2", "3"]) gathering.add("a", value);
  gathering.add("b", "1");
  await until(() => flushes.length === 2, { what: "the second flush" });
  assert.deepEqual(flushes, [
    new Map([["a", "1"]]),
    new Map([
      ["a", "3"],
      ["b", "1"],
    ]),
  ]);
});

test("two of one key become what they mean together", async () => {
  using opened = flushesOf({ merge: (before, now) => `${before}+${now}` });
  opened.gathering.add("a", "1");
  opened.gathering.add("a", "2");
  await until(() => opened.flushes.length === 1, { what: "the flush" });
  assert.deepEqual(opened.flushes, [new Map([["a", "1+2"]])]);
});

test("what is more than it holds is lost, and what comes after that is told again", async () => {
  using opened = flushesOf({ most: 2 });
  const { flushes, gathering } = opened;
  for (const key of ["a", "b", "c", "d"]) gathering.add(key, "1");
  await until(() => flushes.length === 1, { what: "the first flush" });
  gathering.add("e", "1");
  await until(() => flushes.length === 2, { what: "the second flush" });
  assert.deepEqual(flushes, ["lost", new Map([["e", "1"]])]);
});

test("a flush that takes long is waited for, and only what it may hold gathers meanwhile", async () => {
  const slow = Promise.withResolvers<void>();
  const flushes: Flushed[] = [];
  using gathering = createGathering<string>({
    intervalMs: 1,
    most: 2,
    flush(gathered) {
      flushes.push(gathered);
      return flushes.length === 1 ? slow.promise : undefined;
    },
  });
  gathering.add("a", "1");
  await until(() => flushes.length === 1, { what: "the slow flush" });
  for (let i = 0; i < 1_000; i++) gathering.add(`${i}`, "1");
  slow.resolve();
  await until(() => flushes.length === 2, { what: "the next flush" });
  assert.equal(flushes[1], "lost", "all of them together, and not some before the first was told");
});
