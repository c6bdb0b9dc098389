import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { openRecords } from "./open-records.ts";

const ownerIn = (directory: string) => {
  using records = openRecords({ directory });
  return records.owner;
};

test("a directory's processes have one owner, also after a start that was broken off", () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "owner.new"), "half");
  const owner = ownerIn(directory.path);
  assert.match(owner, /^[a-z0-9]{16}$/);
  assert.equal(ownerIn(directory.path), owner);
  writeFileSync(join(directory.path, "owner"), "half");
  assert.throws(() => ownerIn(directory.path), /is damaged/);
});
