import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import type { FileEntry } from "../../sandboxes/sandbox.ts";
import { fileEntryToWire, pathFromWire } from "./file-words.ts";
import { parseNames } from "./owner-names.ts";

test("a path is absolute, or from the home directory on, and has no detours", () => {
  for (const [given, meant] of [
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["//a/./b/../c//", "/a/c"],
    ["/../..", "/"],
    ["a", "/root/a"],
    [".", "/root"],
    ["..", "/"],
    ["~", "/root"],
    ["~/", "/root"],
    ["~/a", "/root/a"],
    ["~/../etc", "/etc"],
    ["a~b/~c", "/root/a~b/~c"],
    ["/~bob", "/~bob"],
  ] as const)
    assert.equal(pathFromWire(given), meant, given);
  for (const path of ["", "~bob", "~bob/x", "/a\0", "\0", "/\ud800", "/\udcff/a"])
    assert.throws(
      () => pathFromWire(path),
      (error) => isYardError(error, "invalid") && error.field === "path",
      path,
    );
});

test("a file is told with names where there are any, in whole seconds, and with its permissions as people read them", () => {
  const names = { users: new Map([[0, "root"]]), groups: new Map([[50, "staff"]]) };
  const entry: FileEntry = {
    name: "f",
    path: "/f",
    type: "file",
    size: 1,
    mode: 0o6754,
    uid: 0,
    gid: 7,
    modifiedAt: 1_999,
  };
  const shown = fileEntryToWire(entry, names);
  assert.deepEqual(shown, {
    ...{ name: "f", path: "/f", type: "file", size: 1, mode: 0o6754, permissions: "-rwxr-xr--" },
    ...{ owner: "root", group: "7", modified_at: 1 },
  });
  const link = fileEntryToWire({ ...entry, type: "symlink", gid: 50, target: "x", resolved: "/y/x" }, names);
  assert.deepEqual([link.permissions, link.group, link.symlink_target], ["Lrwxr-xr--", "staff", "/y/x"]);
  assert.equal(fileEntryToWire({ ...entry, type: "symlink", target: "x" }, names).symlink_target, "/f");
  assert.equal("type" in fileEntryToWire({ ...entry, type: "other" }, names), false);
});

test("names are read as far as a file has them, the first of an id counts", () => {
  const text = "root:x:0:0::/root:/bin/sh\nagain:x:0:\n\n# no line\n:x:5:\nbad:x:five:\nann:x:1000:1000\nlast:x:70000";
  assert.deepEqual(
    [...parseNames(text)],
    [
      [0, "root"],
      [1000, "ann"],
      [70000, "last"],
    ],
  );
});
