/** What the store promises: teams apart, nothing lost, nothing damaged taken for sound, garbage collected and nothing else. */
import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { systemClock } from "../platform/clock.ts";
import { openDatabase } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { killAfterLines } from "../platform/testing/killed-program.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";
import { contentsOf, openTestSnapshots, packFiles } from "./testing.ts";

const hour = 60 * 60_000;
const isNotFound = (error: unknown) => isYardError(error, "not_found");

async function save(snapshots: Snapshots, files: Readonly<Record<string, string>>, team = "a", base?: string) {
  const tree = await snapshots.open(team, base ?? snapshots.emptyId, { directories: "implicit" });
  for (const [path, content] of Object.entries(files)) await tree.write(path, Buffer.from(content));
  return await tree.save();
}

eachDialect("teams and snapshots", (open) => {
  test("the id of another team's snapshot is like one that does not exist, until it is shared or made", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots } = store;
    const id = await save(snapshots, { "dir/secret": "of team a" });
    const messages = [];
    for (const unknown of [id, "0".repeat(64)]) {
      const { message } = await snapshots.open("b", unknown).then(
        () => assert.fail("it was opened"),
        (error: Error) => error,
      );
      messages.push(message.replace(unknown, "ID"));
      await assert.rejects(snapshots.readFile("b", unknown, "dir/secret"), isNotFound);
      await assert.rejects(snapshots.list("b", unknown, ""), isNotFound);
      await assert.rejects(snapshots.merge("b", { ours: unknown, theirs: snapshots.emptyId }), isNotFound);
      await assert.rejects(snapshots.share(unknown, { from: "b", to: "c" }), isNotFound);
    }
    assert.equal(messages[0], messages[1]);
    await snapshots.labels.set("b", "mine", { id });
    await assert.rejects(snapshots.open("b", id), isNotFound);
    await snapshots.share(id, { from: "a", to: "c" });
    assert.equal((await snapshots.readFile("c", id, "dir/secret")).toString(), "of team a");
    assert.equal(await save(snapshots, { "dir/secret": "of team a" }, "b"), id);
    assert.equal((await snapshots.readFile("b", id, "dir/secret")).toString(), "of team a");
  });

  test("what other teams have stored is not stored again", async () => {
    await using store = await openTestSnapshots(open);
    const noise = Array.from({ length: 5_000 }, (_, i) => Math.sin(i)).join("");
    await save(store.snapshots, { f: noise });
    const before = store.blobBytes();
    await save(store.snapshots, { "other/name": noise }, "b");
    assert.ok(store.blobBytes() - before < 500);
  });

  test("collection keeps what labels, their logs, recent use and the caller name, and nothing else", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots, clock } = store;
    const content = (name: string) => ({
      [name]: Array.from({ length: 9_000 }, (_, i) => `${name}${Math.sin(i)}`).join(),
    });
    const labelled = await save(snapshots, content("labelled"));
    const logged = await save(snapshots, content("logged"));
    const named = await save(snapshots, content("named"));
    const unused = await save(snapshots, content("unused"));
    const shared = await save(snapshots, { ...content("unused"), ...content("logged") });
    await snapshots.labels.set("a", "main", { id: logged });
    await snapshots.labels.set("a", "main", { id: labelled });
    await snapshots.labels.set("b", "of another team", { id: unused });
    clock.time += 3 * hour;
    const used = await save(snapshots, content("used"));
    const before = store.blobBytes();
    const collected = await snapshots.collectGarbage({ keepUsedMs: hour, keep: [named.toUpperCase(), "no id"] });
    assert.equal(collected.snapshots, 2);
    assert.equal(before - store.blobBytes() >= 0 && collected.objects > 0, true);
    for (const [id, name] of Object.entries({
      [labelled]: "labelled",
      [logged]: "logged",
      [named]: "named",
      [used]: "used",
    }))
      assert.equal((await store.reopen().readFile("a", id, name)).toString(), content(name)[name]);
    for (const id of [unused, shared]) await assert.rejects(snapshots.open("a", id), isNotFound);
    assert.deepEqual(await snapshots.collectGarbage({ keepUsedMs: hour, keep: [named] }), {
      snapshots: 0,
      objects: 0,
      bytes: 0,
    });
    await snapshots.removeTeam("a");
    clock.time += 2 * hour;
    await snapshots.collectGarbage({ keepUsedMs: hour });
    assert.deepEqual(packFiles(store.directory), []);
    const again = await save(snapshots, content("unused"));
    assert.equal(again, unused);
    assert.equal((await store.reopen().readFile("a", again, "unused")).toString(), content("unused").unused);
  });

  test("a pack with little left in use is written anew, and readers of it notice nothing", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots, clock } = store;
    const noise = Array.from({ length: 20_000 }, (_, i) => Math.sin(i)).join();
    const both = await save(snapshots, { large: noise, small: "kept" });
    const tree = await snapshots.open("a", both);
    await tree.rm("large");
    const small = await tree.save();
    await snapshots.labels.set("a", "small", { id: small });
    const reader = store.reopen();
    await reader.list("a", small, "");
    clock.time += 3 * hour;
    const before = store.blobBytes();
    await snapshots.collectGarbage({ keepUsedMs: hour });
    assert.ok(store.blobBytes() < before / 10, `${before} to ${store.blobBytes()}`);
    assert.equal((await reader.readFile("a", small, "small")).toString(), "kept");
  });

  test("saving and collecting at the same time loses nothing that was saved", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots, clock } = store;
    const files = (n: number) => ({ [`f${n % 5}`]: `content ${n % 7}`, shared: "shared" });
    for (let round = 0; round < 6; round++) {
      clock.time += 3 * hour; // what the round before has left may go now
      const saving = Array.from({ length: 6 }, (_, i) => save(snapshots, files(round + i)));
      const [ids] = await Promise.all([
        Promise.all(saving),
        snapshots.collectGarbage({ keepUsedMs: hour }),
        snapshots.collectGarbage({ keepUsedMs: hour }),
      ]);
      for (const [i, id] of ids.entries()) {
        const contents = await contentsOf(store.reopen(), "a", id);
        assert.equal(contents.shared, "644 shared");
        assert.equal(Object.keys(contents).length, Object.keys(files(round + i)).length);
      }
    }
  });

  test("what a save found stored and a collection took meanwhile is written after all", async () => {
    await using store = await openTestSnapshots(open);
    const { clock } = store;
    const content = { old: "x".repeat(50_000) };
    await save(store.snapshots, content);
    clock.time += 3 * hour;
    const swept: number[] = [];
    const meanwhile = store.reopen({
      async whenWriting() {
        swept.push((await store.snapshots.collectGarbage({ keepUsedMs: hour })).objects);
      },
    });
    const id = await save(meanwhile, { ...content, new: "new" });
    assert.deepEqual(swept, [2, 0]); // the file and its directory; then it was written a second time
    const read = await contentsOf(store.reopen(), "a", id);
    assert.deepEqual(read, { old: `644 ${content.old}`, new: "644 new" });
  });

  test("a save that is slower than its packs are kept fails, and leaves nothing", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots, clock } = store;
    const slow = store.reopen({
      async whenWriting() {
        clock.time += 3 * hour;
        await snapshots.collectGarbage({ keepUsedMs: hour });
      },
    });
    await assert.rejects(save(slow, { f: "f" }), (error) => isYardError(error, "unavailable"));
    assert.equal(packFiles(store.directory).length, 1);
    await snapshots.collectGarbage({ keepUsedMs: hour });
    assert.deepEqual(packFiles(store.directory), []);
  });

  test("a tree whose snapshot was collected beneath it says so, and makes no broken snapshot", async () => {
    await using store = await openTestSnapshots(open);
    const { snapshots, clock } = store;
    const tree = await snapshots.open("a", await save(snapshots, { old: "old" }));
    clock.time += 3 * hour;
    await snapshots.collectGarbage({ keepUsedMs: hour });
    await tree.write("new", Buffer.from("new"));
    await assert.rejects(tree.save(), (error) => isYardError(error, "unavailable"));
  });
});

test("objects that were damaged, cut off or exchanged are never taken for what they were", async () => {
  await using store = await openTestSnapshots();
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, `content ${i} ${Math.sin(i)}`]));
  const id = await save(store.snapshots, files);
  const expected = await contentsOf(store.snapshots, "a", id);
  const [pack, ...others] = packFiles(store.directory);
  assert.ok(pack !== undefined && others.length === 0);
  const sound = readFileSync(pack);
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = Buffer.from(sound);
      damaged[at]! ^= flip;
      writeFileSync(pack, damaged);
      // A flipped bit may leave what it says unchanged (in zstd's header): then what is read is right, else it is refused.
      const read = await contentsOf(store.reopen(), "a", id).catch((error) => {
        assert.ok(isYardError(error, "internal"), String(error));
        return expected;
      });
      assert.deepEqual(read, expected);
    }),
    { numRuns: 60 },
  );
  writeFileSync(pack, sound);
  truncateSync(pack, sound.length - 5);
  await assert.rejects(contentsOf(store.reopen(), "a", id));
  writeFileSync(pack, sound);
  assert.deepEqual(await contentsOf(store.reopen(), "a", id), expected);
});

test("what a killed process has acknowledged is there, whole; what it has not is collected", async () => {
  using directory = temporaryDirectory();
  const location = {
    database: { dialect: "sqlite", path: join(directory.path, "test.db") } as const,
    blobs: directory.path,
  };
  for (let round = 0; round < 3; round++) {
    const acknowledged = await killWhileSaving(location, 10 + 7 * round);
    await using database = await openDatabase(location.database);
    const clock = { now: () => systemClock.now() + 48 * hour, monotonic: () => performance.now() };
    await using blobs = await openFileBlobStore({ directory: location.blobs, clock });
    const snapshots = openSnapshots({ database, blobs, clock });
    for (const { id, n } of acknowledged) {
      const contents = await contentsOf(snapshots, "a", id);
      assert.equal(contents[`dir/${n}`], `644 ${String(n).repeat(40_000)}`);
    }
    await snapshots.collectGarbage({ keepUsedMs: hour, keep: acknowledged.map(({ id }) => id) });
    for (const { id } of acknowledged) await contentsOf(openSnapshots({ database, blobs, clock }), "a", id);
    await snapshots.removeTeam("a");
    await snapshots.collectGarbage({ keepUsedMs: hour });
    assert.deepEqual(
      packFiles(directory.path).filter((path) => !path.includes("test.db")),
      [],
    );
  }
});

/** Saves snapshots, some at the same time, in a process that is killed meanwhile. @returns those it had reported, at least `count` */
async function killWhileSaving(location: unknown, count: number): Promise<readonly { id: string; n: number }[]> {
  const from = (path: string) => JSON.stringify(import.meta.resolve(path));
  const source = `
    import { openFileBlobStore } from ${from("../platform/blobs/file-store.ts")};
    import { systemClock as clock } from ${from("../platform/clock.ts")};
    import { openDatabase } from ${from("../platform/db/database.ts")};
    import { openSnapshots } from ${from("./snapshots.ts")};
    const location = ${JSON.stringify(location)};
    const database = await openDatabase(location.database);
    const snapshots = openSnapshots({ database, blobs: await openFileBlobStore({ directory: location.blobs, clock }), clock });
    let last = snapshots.emptyId;
    for (let i = 0; ; i += 2) {
      await Promise.all([i, i + 1].map(async (n) => {
        const tree = await snapshots.open("a", last, { directories: "implicit" });
        await tree.write("dir/" + n, Buffer.from(String(n).repeat(40_000)));
        last = await tree.save();
        process.stdout.write(JSON.stringify({ id: last, n }) + "\\n");
      }));
    }`;
  return (await killAfterLines(count, source)).map((line) => JSON.parse(line) as { id: string; n: number });
}
