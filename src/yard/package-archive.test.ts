import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { readTar } from "../platform/trees/tar.ts";
import { createPackageArchive } from "./package-archive.ts";

async function layOut(directory: string): Promise<void> {
  for (const name of ["bin", "dist/yard", "secret"]) await mkdir(join(directory, name), { recursive: true });
  await writeFile(
    join(directory, "package.json"),
    JSON.stringify({ version: "1.2.3", files: ["bin", "dist", "LICENSE"] }),
  );
  for (const name of ["bin/runyard.js", "dist/main.js", "dist/yard/a.js", "secret/key"]) {
    await writeFile(join(directory, name), name);
  }
}

test("what is published of an installed program is given away as npm packs it, and nothing else", async () => {
  using directory = temporaryDirectory();
  await layOut(directory.path);
  const archive = await createPackageArchive(directory.path)();
  assert.ok(archive);
  const paths: string[] = [];
  for await (const { path } of readTar(Readable.from([gunzipSync(archive)]), { maxBytes: 1_000_000 })) paths.push(path);
  assert.deepEqual(
    paths.filter((path) => path.includes(".")),
    ["package/package.json", "package/bin/runyard.js", "package/dist/main.js", "package/dist/yard/a.js"],
  );
  assert.ok(!paths.some((path) => path.includes("secret")));
});

test("a checkout has nothing to give away, built or not", async () => {
  using directory = temporaryDirectory();
  assert.equal(await createPackageArchive(directory.path)(), undefined);
  await layOut(directory.path);
  await mkdir(join(directory.path, "src"));
  assert.equal(await createPackageArchive(directory.path)(), undefined);
});
