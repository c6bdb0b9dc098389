import assert from "node:assert/strict";
import { chmod, readdir, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isYardError } from "../errors.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { ensureKeyFile } from "./key-files.ts";
import { openMasterKey } from "./master-key.ts";
import { openSigningKeys } from "./signing-keys.ts";

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test("keys are made once, for the owner's eyes alone, and found again", async () => {
  using directory = temporaryDirectory();
  const keys = join(directory.path, "keys");
  const first = await openSigningKeys(keys);
  const master = await openMasterKey(keys);
  assert.equal(await modeOf(keys), "700");
  for (const name of await readdir(keys)) assert.equal(await modeOf(join(keys, name)), "600", name);
  assert.deepEqual(await readdir(keys), ["master.key", "token-signing.pem"], "no temporary file is left");
  assert.equal((await openSigningKeys(keys)).keyId, first.keyId);
  assert.deepEqual(await openMasterKey(keys), master);
});

test("of many who start at once all get the same key", async () => {
  using directory = temporaryDirectory();
  const keys = join(directory.path, "keys");
  const found = await Promise.all(Array.from({ length: 20 }, () => openSigningKeys(keys)));
  assert.equal(new Set(found.map((one) => one.keyId)).size, 1);
  assert.deepEqual(await readdir(keys), ["token-signing.pem"]);
});

for (const { what, path, mode } of [
  { what: "a key file that its group may read", path: "keys/token-signing.pem", mode: 0o640 },
  { what: "a key file that everyone may read", path: "keys/token-signing.pem", mode: 0o604 },
  { what: "a directory that others may enter", path: "keys", mode: 0o755 },
]) {
  test(`${what} is refused, and the message tells how to mend it`, async () => {
    using directory = temporaryDirectory();
    await openSigningKeys(join(directory.path, "keys"));
    await chmod(join(directory.path, path), mode);
    const isRefused = (error: unknown) =>
      isYardError(error, "precondition") && error.message.includes(`chmod ${path === "keys" ? 700 : 600}`);
    await assert.rejects(openSigningKeys(join(directory.path, "keys")), isRefused);
  });
}

test("a key file that is a symbolic link, or no key, is refused", async () => {
  using directory = temporaryDirectory();
  const isRefused = (error: unknown) => isYardError(error, "precondition");
  await ensureKeyFile(directory.path, "token-signing.pem", () => "no key");
  await assert.rejects(openSigningKeys(directory.path), isRefused);
  await rename(join(directory.path, "token-signing.pem"), join(directory.path, "elsewhere"));
  await symlink(join(directory.path, "elsewhere"), join(directory.path, "token-signing.pem"));
  await assert.rejects(openSigningKeys(directory.path), isRefused);
  await writeFile(join(directory.path, "master.key"), "short", { mode: 0o600 });
  await assert.rejects(openMasterKey(directory.path), isRefused);
});
