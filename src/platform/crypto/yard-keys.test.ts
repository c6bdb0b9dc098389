import assert from "node:assert/strict";
import { chmod, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../clock.ts";
import { openTestDatabase } from "../db/testing.ts";
import { findPostgres } from "../db/testing-postgres.ts";
import { isYardError } from "../errors.ts";
import { skipUnless } from "../testing/parts.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { openMasterKey } from "./master-key.ts";
import { newSecret } from "./secrets.ts";
import { openSigningKeys } from "./signing-keys.ts";
import { openYardKeys } from "./yard-keys.ts";

const clock = systemClock;
const isRefused = (pattern: RegExp) => (error: unknown) =>
  isYardError(error, "precondition") && pattern.test(error.message);

test("a yard by itself keeps both keys in files, and nothing in the database", async () => {
  using data = temporaryDirectory();
  await using database = await openTestDatabase("sqlite");
  const directory = join(data.path, "keys");
  const first = await openYardKeys({ database, clock, directory });
  const again = await openYardKeys({ database, clock, directory });
  assert.deepEqual(again.master, first.master);
  assert.equal(again.signing.keyId, first.signing.keyId);
  assert.deepEqual(await readdir(directory), ["master.key", "token-signing.pem"]);
  assert.deepEqual(await database.kysely.selectFrom("settings").selectAll().execute(), []);
});

test("a given master key is used as text or from a file that only we may read, a link too, and written nowhere", async () => {
  using data = temporaryDirectory();
  const directory = join(data.path, "keys");
  const text = newSecret();
  const file = join(data.path, "given");
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  await symlink(file, join(data.path, "link"));
  const key = Buffer.from(text, "base64url");
  assert.deepEqual(await openMasterKey(directory, { text }), key);
  assert.deepEqual(await openMasterKey(directory, { file }), key);
  assert.deepEqual(await openMasterKey(directory, { file: join(data.path, "link") }), key);
  assert.deepEqual(await readdir(data.path), ["given", "link"]);
  await chmod(file, 0o644);
  await assert.rejects(openMasterKey(directory, { file }), isRefused(/chmod 600/));
  await assert.rejects(openMasterKey(directory, { file: join(data.path, "none") }), isRefused(/no master key file/));
  for (const bad of ["", "short", `${text}A`, text.slice(1)]) {
    await assert.rejects(
      openMasterKey(directory, { text: bad }),
      (error: unknown) => isRefused(/is no key/)(error) && (bad === "" || !String(error).includes(bad)),
    );
  }
});

test("a given master key that is not the one the yard has made so far is refused", async () => {
  using data = temporaryDirectory();
  const made = await openMasterKey(data.path);
  assert.deepEqual(await openMasterKey(data.path, { text: made.toString("base64url") }), made);
  await assert.rejects(openMasterKey(data.path, { text: newSecret() }), isRefused(/another key/));
});

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

describe("keys of replicas", { skip }, () => {
  test("of many that start at once with one master key, all sign with the same key, which rests sealed", async () => {
    await using database = await openTestDatabase("postgres");
    using data = temporaryDirectory();
    const masterKey = { text: newSecret() };
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        openYardKeys({ database, clock, directory: join(data.path, String(i)), masterKey }),
      ),
    );
    assert.equal(new Set(all.map(({ signing }) => signing.keyId)).size, 1);
    const rows = await database.kysely.selectFrom("settings").select("value").execute();
    assert.equal(rows.length, 1);
    assert.match(rows[0]!.value, /^"v1\./);
  });

  test("one with another master key is refused, and told what to do", async () => {
    await using database = await openTestDatabase("postgres");
    using data = temporaryDirectory();
    await openYardKeys({ database, clock, directory: join(data.path, "first") });
    const second = { database, clock, directory: join(data.path, "second") };
    await assert.rejects(openYardKeys(second), isRefused(/RUNYARD_MASTER_KEY/));
    const text = await readFile(join(data.path, "first", "master.key"), "utf8");
    await openYardKeys({ ...second, directory: join(data.path, "third"), masterKey: { text } });
  });

  test("a yard that had its signing key in a file brings it along", async () => {
    await using database = await openTestDatabase("postgres");
    using data = temporaryDirectory();
    const before = await openSigningKeys(data.path);
    const { signing } = await openYardKeys({ database, clock, directory: data.path });
    assert.equal(signing.keyId, before.keyId);
  });
});
