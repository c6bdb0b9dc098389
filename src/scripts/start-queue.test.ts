import assert from "node:assert/strict";
import test from "node:test";
import { isYardError } from "../platform/errors.ts";
import { createStartQueue, type Place } from "./start-queue.ts";

/** The names in the order in which their turns come. */
function turnsOf(named: readonly (readonly [string, Place])[]): string[] {
  const turns: string[] = [];
  for (const [name, { turn }] of named) void turn.then(() => turns.push(name));
  return turns;
}

const settled = () => new Promise(setImmediate);

test("teams take turns, however many places one of them has", async () => {
  const queue = createStartQueue({ atOnce: 1, mostEnding: 10, places: 100, maxBytes: 1_000 });
  const names = ["a1", "a2", "a3", "b1", "a4", "c1"];
  const places = names.map((name) => [name, queue.join(name.slice(0, 1), 1)] as const);
  const turns = turnsOf(places);
  for (let i = 0; i < names.length; i++) {
    await settled();
    assert.equal(turns.length, i + 1, "one at a time");
    places.find(([name]) => name === turns[i])?.[1][Symbol.dispose]();
  }
  assert.deepEqual(turns, ["a1", "a2", "b1", "c1", "a3", "a4"]);
});

test("whoever leaves while waiting takes nobody's turn", async () => {
  const queue = createStartQueue({ atOnce: 1, mostEnding: 10, places: 100, maxBytes: 1_000 });
  const [first, left, last] = [queue.join("a", 1), queue.join("a", 1), queue.join("a", 1)];
  const turns = turnsOf([
    ["first", first],
    ["left", left],
    ["last", last],
  ]);
  left[Symbol.dispose]();
  left[Symbol.dispose]();
  await settled();
  assert.deepEqual(turns, ["first"]);
  first[Symbol.dispose]();
  await settled();
  assert.deepEqual(turns, ["first", "last"]);
});

test("places, those of one team, and the bytes of their sources are bounded, and come free again", () => {
  const queue = createStartQueue({ atOnce: 1, mostEnding: 10, places: 4, maxBytes: 100 });
  const isFull = (error: unknown) => isYardError(error, "too_many") && error.retryAfterMs === 1_000;
  const own = queue.join("a", 10);
  queue.join("a", 10);
  assert.throws(() => queue.join("a", 10), isFull);
  assert.throws(() => queue.join("b", 81), isFull);
  queue.join("b", 80);
  assert.throws(() => queue.join("c", 1), isFull);
  own[Symbol.dispose]();
  queue.join("c", 10);
});

test("a source that is larger than all may be is taken when nothing else is there", () => {
  const queue = createStartQueue({ atOnce: 1, mostEnding: 10, places: 4, maxBytes: 100 });
  using _large = queue.join("a", 1_000);
  assert.throws(() => queue.join("b", 1), /Too many scripts/);
});

test("whoever has had its turn makes way, and keeps its place; when too many end at once, nobody has a turn", async () => {
  const queue = createStartQueue({ atOnce: 1, mostEnding: 2, places: 4, maxBytes: 100 });
  const names = ["a", "b", "c", "d"];
  const places = names.map((name) => [name, queue.join(name, 1)] as const);
  const turns = turnsOf(places);
  for (const [, place] of places.slice(0, 2)) {
    place.endTurn();
    place.endTurn();
    await settled();
  }
  assert.deepEqual(turns, ["a", "b"]);
  assert.throws(() => queue.join("e", 1), /Too many scripts/);
  places[0]?.[1][Symbol.dispose]();
  await settled();
  assert.deepEqual(turns, ["a", "b", "c"]);
  places[2]?.[1][Symbol.dispose]();
  await settled();
  assert.deepEqual(turns, ["a", "b", "c", "d"]);
});
