import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { createTestClock } from "./testing.ts";
import type { UserSummary } from "./user-summaries.ts";
import { cacheUserSummaries } from "./user-summary-cache.ts";

/** A directory that notes what it is asked. */
function openDirectory({ limit }: { limit?: number } = {}) {
  const users = new Map<string, UserSummary>();
  const asked: string[][] = [];
  const clock = createTestClock();
  const bus = createBus<Topics>({ onError: (error) => assert.fail(String(error)) });
  const summaries = {
    async describe(userIds: readonly string[]) {
      asked.push([...userIds]);
      return new Map([...users].filter(([id]) => userIds.includes(id)));
    },
  };
  const put = (id: string, username: string) => users.set(id, { username, teams: [username], execUser: "" });
  return {
    ...{ users, asked, clock, bus, summaries, put },
    cache: cacheUserSummaries({ summaries, bus, clock, limit }),
  };
}

const namesOf = (described: ReadonlyMap<string, UserSummary>) =>
  [...described.values()].map(({ username }) => username);

test("a user is read once, and so is the absence of one", async () => {
  const { cache, asked, put } = openDirectory();
  put("1", "ann");
  assert.deepEqual(namesOf(await cache.describe(["1", "2"])), ["ann"]);
  assert.deepEqual(namesOf(await cache.describe(["2", "1"])), ["ann"]);
  assert.deepEqual(asked, [["1", "2"]]);
});

test("of several users only those that are not known are read", async () => {
  const { cache, asked, put } = openDirectory();
  for (const [id, name] of [
    ["1", "ann"],
    ["2", "bob"],
  ] as const)
    put(id, name);
  await cache.describe(["1"]);
  assert.deepEqual(namesOf(await cache.describe(["1", "2"])), ["ann", "bob"]);
  assert.deepEqual(asked, [["1"], ["2"]]);
});

test("a change acts at once", async () => {
  const { cache, bus, put } = openDirectory();
  put("1", "ann");
  await cache.describe(["1"]);
  put("1", "anna");
  assert.deepEqual(namesOf(await cache.describe(["1"])), ["ann"]);
  await bus.publish("user.changed", { userId: "1" });
  assert.deepEqual(namesOf(await cache.describe(["1"])), ["anna"]);
});

test("a change that nobody told of acts within two seconds", async () => {
  const { cache, clock, put } = openDirectory();
  put("1", "ann");
  await cache.describe(["1"]);
  put("1", "anna");
  clock.advance(2_000);
  assert.deepEqual(namesOf(await cache.describe(["1"])), ["anna"]);
});

test("what was read just before a change is not kept", async () => {
  const { cache, bus, put } = openDirectory();
  put("1", "ann");
  const reading = cache.describe(["1"]);
  put("1", "anna");
  await bus.publish("user.changed", { userId: "1" });
  assert.deepEqual(namesOf(await reading), ["ann"]);
  assert.deepEqual(namesOf(await cache.describe(["1"])), ["anna"]);
});

test("no more than the limit are remembered: who was read longest ago goes first", async () => {
  const { cache, asked } = openDirectory({ limit: 2 });
  for (const id of ["1", "2", "3", "2", "3", "1"]) await cache.describe([id]);
  assert.deepEqual(asked.flat(), ["1", "2", "3", "1"]);
});

test("once disposed of, it hears of no change", async () => {
  const { cache, asked, bus } = openDirectory();
  cache[Symbol.dispose]();
  await cache.describe(["1"]);
  await bus.publish("user.changed", { userId: "1" });
  await cache.describe(["1"]);
  assert.deepEqual(asked, [["1"]]);
});
