import assert from "node:assert/strict";
import { chmodSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { isYardError, type YardErrorCode } from "../../errors.ts";
import { mountSmallDisk } from "../../testing/small-disk.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { withoutRootRights } from "../../testing/without-root.ts";
import { type Database, openDatabase } from "../database.ts";

const open = (path: string, busyTimeoutMs = 5_000) => openDatabase({ dialect: "sqlite", path, busyTimeoutMs });

/** Whether an error is ours, of that code, and names the file. */
const refusal = (code: YardErrorCode, path: string) => (error: unknown) => {
  assert.ok(isYardError(error, code), `${error}`);
  assert.ok(error.message.includes(path), error.message);
  assert.ok(!error.message.includes("\n"));
  return true;
};

const insert = ({ kysely }: Pick<Database, "kysely">, key: string, value = "") =>
  kysely.insertInto("settings").values({ key, value, updated_at: 1 }).execute();

const keysOf = async ({ kysely }: Database) =>
  (await kysely.selectFrom("settings").select("key").orderBy("key").execute()).map(({ key }) => key);

test("the file is in WAL mode, for its owner only, and whole after closing", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  {
    await using database = await open(path);
    const pragma = async (name: string) => (await sql.raw(`PRAGMA ${name}`).execute(database.kysely)).rows;
    assert.deepEqual(await pragma("journal_mode"), [{ journal_mode: "wal" }]);
    assert.deepEqual(await pragma("synchronous"), [{ synchronous: 1 }]);
    assert.deepEqual(await pragma("foreign_keys"), [{ foreign_keys: 1 }]);
    for (const suffix of ["", "-wal", "-shm"]) assert.equal(statSync(path + suffix).mode & 0o777, 0o600);
  }
  assert.throws(() => statSync(`${path}-wal`), { code: "ENOENT" });
});

test("a file that is no database is refused and left as it is", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  writeFileSync(path, "a shopping list, and certainly no database\n".repeat(50));
  await assert.rejects(open(path), refusal("precondition", path));
  assert.equal(statSync(path).size, 43 * 50);
});

test("another program's database is refused", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE bookmarks (url text)");
  other.close();
  await assert.rejects(open(path), refusal("precondition", path));
});

test("a directory that is missing, or a directory in the file's place, is refused", async () => {
  using directory = temporaryDirectory();
  const missing = join(directory.path, "missing", "yard.db");
  await assert.rejects(open(missing), refusal("unavailable", missing));
  await assert.rejects(open(directory.path), refusal("unavailable", directory.path));
});

test("a file or directory that may not be written is refused", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  await (await open(path))[Symbol.asyncDispose]();
  chmodSync(path, 0o444);
  chmodSync(directory.path, 0o555);
  {
    using _powerless = withoutRootRights();
    await assert.rejects(open(path), refusal("unavailable", path));
    await assert.rejects(open(join(directory.path, "new.db")), refusal("unavailable", "new.db"));
  }
  chmodSync(path, 0o666); // the file may be written, its directory (where the log goes) may not
  using _powerless = withoutRootRights();
  await assert.rejects(open(path), refusal("unavailable", path));
});

test("a file that another program has locked is refused, after a wait that lets other work go on", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  using holder = closing(new DatabaseSync(path));
  holder.connection.exec("BEGIN EXCLUSIVE");
  let turns = 0;
  using _ticking = setInterval(() => turns++, 5);
  await assert.rejects(open(path, 300), refusal("unavailable", path));
  assert.ok(turns >= 5, `the event loop turned ${turns} times`);
});

test("a write waits for another process' short transaction, and is refused when it lasts too long", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  await using database = await open(path, 300);
  using holder = closing(new DatabaseSync(path));

  holder.connection.exec("BEGIN IMMEDIATE");
  const patient = insert(database, "patient");
  assert.deepEqual(await keysOf(database), [], "reads do not wait");
  await sleep(50);
  holder.connection.exec("COMMIT");
  await patient;

  holder.connection.exec("BEGIN IMMEDIATE");
  await assert.rejects(insert(database, "late"), refusal("unavailable", path));
  await assert.rejects(
    database.transaction((transaction) => insert({ kysely: transaction }, "late")),
    refusal("unavailable", path),
  );
  holder.connection.exec("COMMIT");
  await insert(database, "after");
  assert.deepEqual(await keysOf(database), ["after", "patient"]);
});

test("a write that waits for a transaction of its own process gives up with a clear error", async () => {
  using directory = temporaryDirectory();
  await using database = await open(join(directory.path, "yard.db"), 50);
  await database.transaction(async (transaction) => {
    await insert({ kysely: transaction }, "a");
    await assert.rejects(insert(database, "b"), (error) => isYardError(error, "unavailable"));
  });
  await insert(database, "c");
  assert.deepEqual(await keysOf(database), ["a", "c"]);
});

test("on a full disk writes fail clearly and change nothing, reads work, and it heals", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const path = join(disk.path, "yard.db");
  const ballast = join(disk.path, "ballast");
  await using database = await open(path);
  writeFileSync(ballast, Buffer.alloc(1024 ** 2));
  const fill = async () => {
    for (let i = 0; i < 1_000; i++) await insert(database, `fill ${i}`, "x".repeat(16_000));
  };
  await assert.rejects(fill(), refusal("storage_full", path));

  const before = await keysOf(database);
  assert.ok(before.length > 0);
  const failing = database.transaction(async (transaction) => {
    await insert({ kysely: transaction }, "in a transaction", "x".repeat(500_000));
  });
  await assert.rejects(failing, refusal("storage_full", path));
  assert.deepEqual(await keysOf(database), before);

  rmSync(ballast);
  await insert(database, "healed", "x".repeat(16_000));
  assert.deepEqual(await keysOf(database), [...before, "healed"].sort());
  assert.deepEqual((await sql`PRAGMA integrity_check`.execute(database.kysely)).rows, [{ integrity_check: "ok" }]);
});

test("a transaction that SQLite rolled back by itself runs nothing more, even if its error was swallowed", async () => {
  using directory = temporaryDirectory();
  await using database = await open(join(directory.path, "yard.db"));
  const swallowing = database.transaction(async (transaction) => {
    await insert({ kysely: transaction }, "first");
    await sql`ROLLBACK`.execute(transaction);
    await insert({ kysely: transaction }, "second");
  });
  await assert.rejects(swallowing, /rolled back/);
  assert.deepEqual(await keysOf(database), []);
  await insert(database, "next");
});

test("writers that come together share a commit, and each has a fate of its own", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "yard.db");
  await using database = await open(path);
  await insert(database, "taken");
  const walBytes = () => statSync(`${path}-wal`).size;
  const before = walBytes();
  const writes = Array.from({ length: 50 }, (_, i) => insert(database, `key ${i}`));
  const clash = assert.rejects(insert(database, "taken"), /UNIQUE/);
  const undone = database.transaction(async (transaction) => {
    await insert({ kysely: transaction }, "undone");
    throw new Error("changed its mind");
  });
  const isUndone = assert.rejects(undone, /changed its mind/);
  const kept = database.transaction((transaction) => insert({ kysely: transaction }, "kept"));
  await Promise.all(
    writes.map((write, i) => write.then(async () => assert.ok((await keysOf(database)).includes(`key ${i}`)))),
  );
  await clash;
  await isUndone;
  await kept;
  const keys = await keysOf(database);
  assert.equal(keys.length, 52);
  assert.ok(keys.includes("kept") && !keys.includes("undone"));
  // Each commit adds a frame of 4 KiB per page that it changed: 51 of them would be 51 frames and more.
  assert.ok(walBytes() - before < 20 * 4096, `${walBytes() - before} bytes for one commit`);
});

test("a transaction that is undone whole by SQLite fails those that wait for the same commit", async () => {
  using directory = temporaryDirectory();
  await using database = await open(join(directory.path, "yard.db"));
  const opener = database.transaction((transaction) => insert({ kysely: transaction }, "opener"));
  const neighbour = database.transaction((transaction) => insert({ kysely: transaction }, "neighbour"));
  const culprit = database.transaction(async (transaction) => void (await sql`ROLLBACK`.execute(transaction)));
  const later = insert(database, "later");
  const outcomes = await Promise.allSettled([opener, neighbour, culprit, later]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected", "rejected", "fulfilled"],
  );
  assert.deepEqual(await keysOf(database), ["later"]);
});

test("on a full disk no writer of a shared commit is told of success that is not there", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  await using database = await open(join(disk.path, "yard.db"));
  const acknowledged: string[] = [];
  for (let round = 0, failures = 0; failures === 0 && round < 200; round++) {
    const keys = Array.from({ length: 20 }, (_, i) => `round ${round} ${i}`);
    const outcomes = await Promise.allSettled(keys.map((key) => insert(database, key, "x".repeat(30_000))));
    outcomes.forEach(({ status }, i) => {
      if (status === "fulfilled") acknowledged.push(keys[i]!);
      else failures++;
    });
  }
  assert.deepEqual(await keysOf(database), acknowledged.sort());
});

for (const value of [true, new Date(0), { a: 1 }]) {
  test(`${value} is refused, not stored in some form of its own`, async () => {
    using directory = temporaryDirectory();
    await using database = await open(join(directory.path, "yard.db"));
    await assert.rejects(insert(database, "key", value as never), TypeError);
  });
}

function closing(connection: DatabaseSync) {
  return { connection, [Symbol.dispose]: () => connection.close() };
}
