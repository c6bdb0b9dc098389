import assert from "node:assert/strict";
import { test } from "node:test";
import { childPath, nameOf, parentPath, typedPath, wayTo } from "./paths.ts";

test("a path is taken apart and put together", () => {
  assert.equal(childPath("/", "etc"), "/etc");
  assert.equal(childPath("/etc", "hosts"), "/etc/hosts");
  assert.equal(parentPath("/etc/hosts"), "/etc");
  assert.equal(parentPath("/etc"), "/");
  assert.equal(nameOf("/etc/hosts"), "hosts");
  assert.deepEqual(
    wayTo("/a/b").map(({ path }) => path),
    ["/", "/a", "/a/b"],
  );
});

test("what somebody types becomes a path without detours", () => {
  assert.equal(typedPath("/a/./b//c/.."), "/a/b");
  assert.equal(typedPath("/../.."), "/");
  assert.equal(typedPath("a/b"), undefined);
});
