import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreeFiles } from "./tree.ts";
import { diffTrees } from "./tree-diff.ts";

function tree(files: Readonly<Record<string, string>>, withContents = true): TreeFiles {
  const all = Object.entries(files);
  const entries = all.map(
    ([path, text]) =>
      [path, { path, type: "file", mode: 0o644, size: text.length }] as const satisfies [string, object],
  );
  const contents = all.map(([path, text]): [string, Uint8Array] => [path, new TextEncoder().encode(text)]);
  return { entries: new Map(entries), contents: withContents ? new Map(contents) : undefined };
}

const shown = (before: TreeFiles, after: TreeFiles) =>
  diffTrees(before, after).map(({ kind, path }) => `${kind} ${path}`);

test("files that come, go and change are told, in the order of their paths", () => {
  const before = tree({ b: "same", c: "gone", d: "old", e: "abc" });
  const after = tree({ a: "new", b: "same", d: "older", e: "abd" });
  assert.deepEqual(shown(before, after), ["added a", "removed c", "changed d", "changed e"]);
});

test("without contents, what looks alike counts as the same", () => {
  assert.deepEqual(shown(tree({ e: "abc" }, false), tree({ e: "abd" }, false)), []);
  assert.deepEqual(shown(tree({ e: "abc" }, false), tree({ e: "abcd" }, false)), ["changed e"]);
});
