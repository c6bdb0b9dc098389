import assert from "node:assert/strict";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

test("a private file is its owner's alone, and replaces the old one whole", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "made", "here", "file.json");
  await writePrivateFile(path, "old");
  await writePrivateFile(path, "new");
  assert.equal(await readPrivateFile(path), "new");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory.path, "made", "here")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(directory.path, "made", "here")), ["file.json"]);
});

test("a file that others may read is refused", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file.json");
  writeFileSync(path, "secret");
  chmodSync(path, 0o640);
  await assert.rejects(
    readPrivateFile(path),
    (error) => isYardError(error, "precondition") && /chmod 600/.test(error.message),
  );
});

test("a file that is not there is no error", async () => {
  using directory = temporaryDirectory();
  assert.equal(await readPrivateFile(join(directory.path, "file.json")), undefined);
});

test("nothing is left of a write that failed", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file.json");
  await writePrivateFile(join(path, "in-the-way"), "x"); // a directory where the file should go
  await assert.rejects(writePrivateFile(path, "text"));
  assert.deepEqual(readdirSync(directory.path), ["file.json"]);
});
