import assert from "node:assert/strict";
import { test } from "node:test";
import { findLines, parseFilter } from "./filter.ts";
import { createLogStore } from "./log-store.ts";

async function find(text: string, words: string): Promise<number[]> {
  const store = createLogStore();
  store.append(text);
  const found: number[] = [];
  await findLines(store, parseFilter(words)!, 0, (lines) => void found.push(...lines), new AbortController().signal);
  return found;
}

const log = "start\n\x1b[31mERROR\x1b[0m disk full\nerror: none\nwarn\n";

test("text is found whatever its case, between colours too", async () => {
  assert.deepEqual(await find(log, "error"), [1, 2]);
  assert.deepEqual(await find(log, "error disk"), [1]);
});

test("an expression is found as it says", async () => {
  assert.deepEqual(await find(log, "/^error/"), [2]);
  assert.deepEqual(await find(log, "/^(error|warn)/i"), [1, 2, 3]);
});

test("an expression that is none says why; no words match everything", () => {
  assert.throws(() => parseFilter("/(/"), SyntaxError);
  assert.equal(parseFilter(""), undefined);
});

test("a search ends when nobody wants it any more", async () => {
  const store = createLogStore();
  store.append("x\n".repeat(100_000));
  const ending = new AbortController();
  let found = 0;
  const next = await findLines(
    store,
    () => true,
    0,
    (lines) => {
      found += lines.length;
      ending.abort();
    },
    ending.signal,
  );
  assert.ok(found < 100_000 && next === found, `${found} found`);
});
