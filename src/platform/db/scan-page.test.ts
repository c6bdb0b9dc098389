import assert from "node:assert/strict";
import { test } from "node:test";
import { scanPage } from "./scan-page.ts";

/** A list of numbers, the highest first. */
function listOf(count: number) {
  const all = Array.from({ length: count }, (_, i) => count - i);
  const sizes: number[] = [];
  return {
    sizes,
    page: (from: number | undefined, limit: number, matches?: (row: number) => boolean) =>
      scanPage({
        ...{ from, limit, matches, placeOf: (row: number) => row },
        async read(before = Number.POSITIVE_INFINITY, size) {
          sizes.push(size);
          return all.filter((row) => row < before).slice(0, size);
        },
      }),
  };
}

test("pages follow one another, and the last one says that it is", async () => {
  const { page } = listOf(5);
  assert.deepEqual(await page(undefined, 2), { rows: [5, 4], next: 4 });
  assert.deepEqual(await page(4, 2), { rows: [3, 2], next: 2 });
  assert.deepEqual(await page(2, 2), { rows: [1], next: undefined });
});

test("a page that is just full, with nothing behind it, is the last one", async () => {
  assert.deepEqual(await listOf(2).page(undefined, 2), { rows: [2, 1], next: undefined });
});

test("where only some rows match the others are passed over, and the next page begins behind the last one taken", async () => {
  const { page } = listOf(2_000);
  const isHundredth = (row: number) => row % 100 === 0;
  const first = await page(undefined, 3, isHundredth);
  assert.deepEqual(first, { rows: [2_000, 1_900, 1_800], next: 1_800 });
});

test("a search that finds nothing ends after so many rows, and says where it was", async () => {
  const { page, sizes } = listOf(20_000);
  const { rows, next } = await page(undefined, 10, () => false);
  assert.deepEqual([rows, next, sizes.length], [[], 15_001, 10]);
});
