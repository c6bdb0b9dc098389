import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../errors.ts";
import { createLoginGate } from "./login-gate.ts";

/** Work that ends when the test says so, and remembers in which order it was begun. */
function createWork() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    of: (name: string) => () => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    },
    async end(name: string) {
      ends.get(name)?.();
      await new Promise(setImmediate);
    },
  };
}

test("no more than the limit runs at once, and all get their turn", async () => {
  const gate = createLoginGate({ limit: 2, queue: 100 });
  let most = 0;
  const one = async () => {
    most = Math.max(most, gate.running);
    await new Promise(setImmediate);
  };
  await Promise.all(Array.from({ length: 50 }, (_, index) => gate.run({ account: `user-${index}` }, one)));
  assert.equal(most, 2);
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
});

test("one account is tried by one at a time, in the order of arrival, while others pass by", async () => {
  const gate = createLoginGate({ limit: 2 });
  const work = createWork();
  const runs = [
    gate.run({ account: "ada" }, work.of("ada 1")),
    gate.run({ account: "ada" }, work.of("ada 2")),
    gate.run({ account: "bob" }, work.of("bob")),
  ];
  assert.deepEqual(work.begun, [] as string[]);
  await new Promise(setImmediate);
  assert.deepEqual(work.begun, ["ada 1", "bob"]);
  await work.end("ada 1");
  assert.deepEqual(work.begun, ["ada 1", "bob", "ada 2"]);
  await work.end("bob");
  await work.end("ada 2");
  assert.deepEqual(await Promise.all(runs), ["ada 1", "ada 2", "bob"]);
});

test("sources are served in turn, however long the line of one of them is", async () => {
  const gate = createLoginGate({ limit: 1, queue: 10 });
  const work = createWork();
  const flood = [0, 1, 2, 3].map((index) =>
    gate.run({ account: `guess-${index}`, source: "flood" }, work.of(`flood ${index}`)),
  );
  const honest = gate.run({ account: "ada", source: "home" }, work.of("ada"));
  await new Promise(setImmediate);
  for (const name of ["flood 0", "flood 1", "ada", "flood 2", "flood 3"]) await work.end(name);
  await Promise.all([...flood, honest]);
  assert.ok(work.begun.indexOf("ada") <= 2, work.begun.join());
});

test("a full queue drops the newest of the longest line, and refuses a newcomer only if that line is its own", async () => {
  const gate = createLoginGate({ limit: 1, queue: 3 });
  const work = createWork();
  const outcomes: string[] = [];
  const start = (account: string, source: string) =>
    gate.run({ account, source }, work.of(account)).then(
      () => outcomes.push(`${account} in`),
      (error: unknown) => outcomes.push(`${account} ${isYardError(error, "too_many") ? "too many" : error}`),
    );
  const runs = ["guess-0", "guess-1", "guess-2", "guess-3"].map((account) => start(account, "flood"));
  runs.push(start("guess-4", "flood"));
  await new Promise(setImmediate);
  assert.deepEqual(outcomes, ["guess-4 too many"]);
  runs.push(start("ada", "home"));
  await new Promise(setImmediate);
  assert.deepEqual(outcomes, ["guess-4 too many", "guess-3 too many"]);
  for (const account of ["guess-0", "guess-1", "ada", "guess-2"]) await work.end(account);
  await Promise.all(runs);
  assert.ok(outcomes.includes("ada in"), outcomes.join());
});

test("work that fails gives its place back", async () => {
  const gate = createLoginGate({ limit: 1 });
  await assert.rejects(
    gate.run({ account: "ada" }, () => Promise.reject(new Error("wrong"))),
    /wrong/,
  );
  assert.equal(await gate.run({ account: "ada" }, async () => "in"), "in");
});
