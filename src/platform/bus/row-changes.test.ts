import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../testing/until.ts";
import { createBus } from "./bus.ts";
import { createRowChanges } from "./row-changes.ts";
import type { Topics } from "./topics.ts";

function openChanges() {
  const bus = createBus<Topics>({ onError: (error) => assert.fail(String(error)) });
  const told: Topics["rows.changed"][] = [];
  bus.subscribe("rows.changed", (event) => void told.push(event));
  const changes = createRowChanges(bus);
  return { changes, told, [Symbol.dispose]: () => changes[Symbol.dispose]() };
}

test("rows are told by list, once for each: one that came and was changed has come, and one that is gone stays so", async () => {
  using opened = openChanges();
  opened.changes.note("tasks", { id: "1", kind: "added", teamId: "t" });
  opened.changes.note("tasks", { id: "1", kind: "changed", teamId: "t" });
  opened.changes.note("apps", { id: "2", kind: "removed" });
  opened.changes.note("apps", { id: "2", kind: "changed" });
  await until(() => opened.told.length === 2, { what: "both lists" });
  assert.deepEqual(opened.told, [
    { of: "tasks", isAll: false, rows: [{ id: "1", kind: "added", teamId: "t" }] },
    { of: "apps", isAll: false, rows: [{ id: "2", kind: "removed" }] },
  ]);
});

test("of more than are worth naming only that is told", async () => {
  using opened = openChanges();
  for (let i = 0; i < 1_000; i++) opened.changes.note("tasks", { id: `${i}`, kind: "added" });
  await until(() => opened.told.length === 1, { what: "the list" });
  assert.deepEqual(opened.told, [{ of: "tasks", isAll: true, rows: [] }]);
});
