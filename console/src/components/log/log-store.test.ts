import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogStore } from "./log-store.ts";

function linesOf(store: ReturnType<typeof createLogStore>): string[] {
  return Array.from({ length: store.end - store.start }, (_, index) => store.line(store.start + index));
}

test("lines that come in pieces are whole", () => {
  const store = createLogStore();
  for (const piece of ["one\ntw", "o", "\n\nth", "ree"]) store.append(piece);
  assert.deepEqual(linesOf(store), ["one", "two", "", "three"]);
  store.append("!\n");
  assert.deepEqual(linesOf(store), ["one", "two", "", "three!"]);
});

test("a million lines are found by their numbers", () => {
  const store = createLogStore();
  for (let first = 0; first < 1_000_000; first += 1_000)
    store.append(Array.from({ length: 1_000 }, (_, index) => `line ${first + index}\n`).join(""));
  assert.equal(store.end, 1_000_000);
  for (const number of [0, 1, 4_095, 123_456, 999_999]) assert.equal(store.line(number), `line ${number}`);
});

test("the oldest lines go, and the others keep their numbers", () => {
  const store = createLogStore(10_000);
  for (let number = 0; number < 100_000; number++) store.append(`${"x".repeat(100)} ${number}\n`);
  assert.ok(store.start > 0 && store.end - store.start >= 10_000, `from ${store.start}`);
  assert.ok(store.end - store.start < 20_000, "not much more than asked for is kept");
  assert.match(store.line(99_999), / 99999$/);
  assert.match(store.line(store.start), new RegExp(` ${store.start}$`));
  assert.equal(store.line(store.start - 1), "");
});

test("a line without an end is cut", () => {
  const store = createLogStore();
  store.append("x".repeat(200_000));
  assert.equal(store.end, 4);
});

test("who subscribes is told of each change, until it ends", () => {
  const store = createLogStore();
  let told = 0;
  const end = store.subscribe(() => told++);
  store.append("a");
  store.append("");
  store.clear();
  end();
  store.append("b");
  assert.equal(told, 2);
  assert.equal(store.end, 1);
});
