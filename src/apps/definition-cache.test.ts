import assert from "node:assert/strict";
import { test } from "node:test";
import { createDefinitionCache } from "./definition-cache.ts";
import { definitionOf } from "./testing.ts";

const definition = definitionOf(["/bin/true"]);

test("a definition is known by app and revision", () => {
  const cache = createDefinitionCache();
  cache.keep("a", 1, definition, 10);
  assert.equal(cache.get("a", 1), definition);
  assert.equal(cache.get("a", 2), undefined);
  cache.forget("a");
  assert.equal(cache.get("a", 1), undefined);
});

test("the oldest ones go when there is too much", () => {
  const cache = createDefinitionCache(25);
  for (const id of ["a", "b", "c"]) cache.keep(id, 1, definition, 10);
  assert.deepEqual(
    ["a", "b", "c"].map((id) => cache.get(id, 1)),
    [undefined, definition, definition],
  );
  cache.keep("b", 2, definition, 5); // in the place of its earlier revision
  cache.keep("d", 1, definition, 10);
  assert.deepEqual([cache.get("c", 1), cache.get("b", 2), cache.get("d", 1)], [definition, definition, definition]);
});
