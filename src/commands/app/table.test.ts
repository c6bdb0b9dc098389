import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, tableLines } from "./table.ts";

interface Row {
  readonly name: string;
  readonly pid: string;
  readonly note: string;
}

const columns: readonly Column<Row>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "PID", cell: ({ pid }) => pid, alignRight: true, dispensable: 1 },
  { heading: "NOTE", cell: ({ note }) => note, dispensable: 2 },
];
const rows: readonly Row[] = [
  { name: "web", pid: "7", note: "a" },
  { name: "backup-of-everything", pid: "12345", note: "" },
];

test("columns line up, numbers to the right, and no line ends in spaces", () => {
  assert.deepEqual(tableLines(rows, columns, Number.POSITIVE_INFINITY), [
    "NAME                    PID  NOTE",
    "web                       7  a",
    "backup-of-everything  12345",
  ]);
});

test("where it is narrow the most dispensable columns go first, and then the first one is cut", () => {
  assert.deepEqual(tableLines(rows, columns, 30)[0], "NAME                    PID");
  assert.deepEqual(tableLines(rows, columns, 20), ["NAME", "web", "backup-of-everything"]);
  assert.deepEqual(tableLines(rows, columns, 12), ["NAME", "web", "backup-of-e…"]);
  assert.deepEqual(tableLines(rows, columns, 1)[2], "backup-…");
});

test("without rows there are the headings", () => {
  assert.deepEqual(tableLines([], columns, 80), ["NAME  PID  NOTE"]);
});

test("control characters of others are shown, not obeyed", () => {
  const lines = tableLines([{ name: "a\x1b]52;c;aGk=\x07", pid: "1\n2", note: "\u202eb" }], columns, 200);
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(""), /[\p{Cc}\p{Bidi_Control}]/u);
});

test("wide characters count as two cells, marks as none", () => {
  const [, first, second] = tableLines(
    [
      { name: "日本", pid: "1", note: "" },
      { name: "e\u0301abc", pid: "2", note: "" },
    ],
    columns,
    80,
  );
  assert.equal(first, "日本    1");
  assert.equal(second, "e\u0301abc    2");
});
