import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, sortRows } from "./columns.ts";

interface Row {
  readonly name: string;
  readonly size?: number;
}

const columns: readonly Column<Row>[] = [
  { id: "name", title: "Name", cell: ({ name }) => name, sortBy: ({ name }) => name },
  { id: "size", title: "Size", cell: ({ size }) => size, sortBy: ({ size }) => size },
  { id: "plain", title: "Plain", cell: () => "" },
];
const rows: readonly Row[] = [{ name: "web-10", size: 2 }, { name: "web-9" }, { name: "Web-1", size: 10 }];
const names = (column: string, isDescending = false) =>
  sortRows(rows, columns, { column, isDescending }).map(({ name }) => name);

test("names are sorted as people do, numbers inside of them by value", () => {
  assert.deepEqual(names("name"), ["Web-1", "web-9", "web-10"]);
  assert.deepEqual(names("name", true), ["web-10", "web-9", "Web-1"]);
});

test("rows without a value come last in both directions", () => {
  assert.deepEqual(names("size"), ["web-10", "Web-1", "web-9"]);
  assert.deepEqual(names("size", true), ["Web-1", "web-10", "web-9"]);
});

test("a column that does not sort leaves the rows as they are", () => {
  assert.equal(sortRows(rows, columns, { column: "plain", isDescending: true }), rows);
  assert.equal(sortRows(rows, columns), rows);
});
