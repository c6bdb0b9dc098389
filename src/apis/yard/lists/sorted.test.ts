import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../../platform/errors.ts";
import { type Orders, sortedPage, sortNames } from "./sorted.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly at: number | null;
}

const orders = { name: ({ name }) => name, at: ({ at }) => at } as const satisfies Orders<Row, string>;
const parts = { orders, idOf: ({ id }: Row) => id };

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: `id${i}`, name: `n${i % 3}`, at: i % 4 === 0 ? null : i }));
}

/** All rows, page by page. @param change what happens to them between two pages */
function throughAll(rows: Row[], sort: "name" | "-name" | "at" | "-at", change: () => void = () => {}): string[] {
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const { items, next } = sortedPage(rows, { sort, limit: 2, ...(after !== undefined && { after }) }, parts);
    seen.push(...items.map(({ id }) => id));
    after = next ?? undefined;
    change();
  } while (after !== undefined);
  return seen;
}

for (const sort of ["name", "-name", "at", "-at"] as const) {
  test(`by ${sort} every row is on one page, in order, with what is nothing before the rest`, () => {
    const rows = rowsOf(11);
    const seen = throughAll(rows, sort);
    assert.deepEqual(seen.toSorted(), rows.map(({ id }) => id).toSorted());
    const [field, isReverse] = [sort.replace("-", "") as "name" | "at", sort.startsWith("-")];
    const keys = seen.map((id) => rows.find((row) => row.id === id)?.[field] ?? -1);
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    assert.deepEqual(keys, isReverse ? sorted.reverse() : sorted);
  });
}

test("rows that come and go between two pages neither repeat nor hide another one", () => {
  const rows = rowsOf(10);
  let made = 0;
  const seen = throughAll(rows, "name", () => {
    rows.unshift({ id: `new${made++}`, name: "a", at: 0 }); // before all that was seen
    const [gone] = rows.splice(
      rows.findIndex(({ id }) => id === "id0"),
      1,
    );
    if (gone) rows.push({ ...gone, id: `again${made}`, name: "zz" });
  });
  const old = seen.filter((id) => id.startsWith("id"));
  assert.equal(new Set(old).size, old.length, "none twice");
  for (let i = 1; i < 10; i++) assert.ok(old.includes(`id${i}`), `id${i} is there`);
});

test("a place of another order, or of no list at all, is refused", () => {
  const { next } = sortedPage(rowsOf(5), { sort: "name", limit: 1 }, parts);
  assert.ok(next);
  for (const after of [next, "bm9uc2Vuc2U", "", "%"])
    assert.throws(
      () => sortedPage(rowsOf(5), { sort: "at", limit: 1, after }, parts),
      (error) => isYardError(error, "invalid") && error.field === "after",
      after,
    );
});

test("orders go both ways by name", () => {
  assert.deepEqual(sortNames(orders), ["name", "-name", "at", "-at"]);
});
