import assert from "node:assert/strict";
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { findPrograms } from "./availability.ts";
import { createSandboxFiles } from "./files.ts";

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));

describe("files of a root directory", { skip }, () => {
  test("a name that is no text is in the list, and what is in such a directory is not", async () => {
    await using directory = temporaryDirectory();
    const root = openSync(directory.path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const named = (name: string) => Buffer.concat([Buffer.from(`${directory.path}/`), Buffer.from(name, "latin1")]);
      writeFileSync(named("caf\xe9"), "four");
      mkdirSync(named("dir\xff"));
      writeFileSync(Buffer.concat([named("dir\xff"), Buffer.from("/inside")]), "");
      writeFileSync(join(directory.path, "café"), "");
      const listed = await createSandboxFiles({ root, rootId: 0 }).list("/", { depth: 9, maxEntries: 9 });
      const shown = listed.map(({ name, path, type, size }) => [name, path, type, type === "file" ? size : 0]);
      assert.deepEqual(shown, [
        ["café", "/café", "file", 0],
        ["caf\ufffd", "/caf\ufffd", "file", 4],
        ["dir\ufffd", "/dir\ufffd", "directory", 0],
      ]);
    } finally {
      closeSync(root);
    }
  });
});
