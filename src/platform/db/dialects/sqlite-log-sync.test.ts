import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { until } from "../../testing/until.ts";
import { createLogSync } from "./sqlite-log-sync.ts";
import { createWriteTurns } from "./sqlite-turns.ts";

/** A disk that answers when it is told to. */
function slowDisk() {
  const waiting: PromiseWithResolvers<void>[] = [];
  return {
    waiting,
    sync() {
      const one = Promise.withResolvers<void>();
      waiting.push(one);
      return one.promise;
    },
  };
}

const isSettled = async (promise: Promise<unknown>) => {
  const pending = Symbol();
  const first = await Promise.race([promise.then(() => true), sleep(5, pending)]);
  return first !== pending;
};

test("a commit is on the disk once a sync that began after it has ended; one sync serves all that have waited for it", async () => {
  const disk = slowDisk();
  const log = createLogSync(disk.sync);
  const first = log.done();
  const later = [log.done(), log.done()];
  assert.equal(disk.waiting.length, 1);
  disk.waiting[0]!.resolve();
  await first;
  assert.equal(await isSettled(later[0]!), false, "it may have come after the first had begun");
  assert.equal(disk.waiting.length, 2);
  disk.waiting[1]!.resolve();
  await Promise.all(later);
  const closed = log.close();
  assert.equal(await isSettled(closed), true);
});

test("a disk that has failed once is trusted no more", async () => {
  const disk = slowDisk();
  const log = createLogSync(disk.sync);
  const first = assert.rejects(log.done(), /EIO/);
  const waiting = assert.rejects(log.done(), /EIO/);
  disk.waiting[0]!.reject(new Error("EIO"));
  await Promise.all([first, waiting]);
  await assert.rejects(log.done(), /EIO/);
  assert.equal(disk.waiting.length, 1);
});

test("turns go on while the disk is waited for, and none is told of success before", async () => {
  using directory = temporaryDirectory();
  const writer = new DatabaseSync(join(directory.path, "yard.db"));
  writer.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)");
  const disk = slowDisk();
  const turns = createWriteTurns({ writer, logSync: createLogSync(disk.sync), timeoutMs: 1_000 });
  const add = (text: string) => turns.run(() => writer.prepare("INSERT INTO notes VALUES (?)").run(text));
  const inTransaction = async (text: string) => {
    const turn = await turns.begin();
    turn.run(() => writer.prepare("INSERT INTO notes VALUES (?)").run(text));
    await turn.commit();
  };
  const first = add("first");
  assert.equal(await isSettled(first), false);
  const others = [add("second"), inTransaction("third")];
  await sleep(5);
  assert.equal(writer.prepare("SELECT count(*) AS notes FROM notes").get()?.notes, 3, "nobody waits for the writer");
  disk.waiting[0]!.resolve();
  await first;
  for (const other of others) assert.equal(await isSettled(other), false);
  disk.waiting[1]!.resolve();
  await Promise.all(others);
  await turns.close();
  writer.close();
});

test("what nobody waits for is told at once, and goes to the disk with the next that is waited for", async () => {
  using directory = temporaryDirectory();
  const writer = new DatabaseSync(join(directory.path, "yard.db"));
  writer.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)");
  const disk = slowDisk();
  const turns = createWriteTurns({ writer, logSync: createLogSync(disk.sync), timeoutMs: 1_000 });
  const insert = (text: string) => () => writer.prepare("INSERT INTO notes VALUES (?)").run(text);
  await turns.run(insert("alone"), { unsynced: true });
  const turn = await turns.begin();
  turn.run(insert("in a transaction"));
  const waited = turns.run(insert("waited for")); // shares the transaction's commit
  await turn.commit({ unsynced: true });
  assert.equal(await isSettled(waited), false);
  assert.equal(disk.waiting.length, 1);
  disk.waiting[0]!.resolve();
  await waited;
  await turns.close();
  writer.close();
});

test("what nobody waits for is synced by itself a moment later, and before the file is closed", async () => {
  const disk = slowDisk();
  const log = createLogSync(disk.sync);
  log.later();
  log.later();
  assert.equal(disk.waiting.length, 0);
  await until(() => disk.waiting.length === 1);
  disk.waiting[0]!.resolve();
  log.later();
  const closed = log.close();
  await until(() => disk.waiting.length === 2);
  assert.equal(await isSettled(closed), false);
  disk.waiting[1]!.resolve();
  await closed;
});
