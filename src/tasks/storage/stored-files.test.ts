import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import { isYardError } from "../../platform/errors.ts";
import type { FileRef } from "./stored-file.ts";
import { eachStorage, hourMs, otherTeam, quotaBytes, type TestFiles, team } from "./testing.ts";

const attachment = (key: string, owner = team) => ({ kind: "attachment", team: owner, key }) as const;
const artifact = (taskUuid = randomUUID()) => ({ kind: "artifact", taskUuid, artifact: "result" }) as const;
const isForbidden = (error: unknown) => isYardError(error, "forbidden");
const isNotFound = (error: unknown) => isYardError(error, "not_found");
const begin = ({ files }: TestFiles, file: FileRef, bytes: number) => files.begin({ team, file, bytes });

async function store(storage: TestFiles, file: FileRef, content: string): Promise<void> {
  const { url } = await begin(storage, file, Buffer.byteLength(content));
  await storage.put(url, content);
}

async function contentOf(storage: TestFiles, file: FileRef): Promise<string | undefined> {
  return storage.get((await storage.files.download(file)).url);
}

/** Asks once for each file, as reading does: so that what has arrived in a store that is not ours is noticed. */
async function usedBy(storage: TestFiles, files: readonly FileRef[]): Promise<number> {
  for (const file of files) await storage.files.download(file).catch(() => {});
  return (await storage.files.usage(team.id)).usedBytes;
}

const blobsOf = async ({ blobs }: TestFiles) => (await blobs.list("tasks/", { limit: 1_000 })).map(({ key }) => key);

eachStorage("stored files", (open) => {
  test("an artifact and an attachment come back as they were put", async () => {
    await using storage = await open();
    for (const file of [artifact(), attachment("two words/Ünï 🦊?#%2e.txt"), attachment("k".repeat(1_000))]) {
      assert.equal((await begin(storage, file, 7)).existed, false);
      await store(storage, file, "content");
      assert.equal(await contentOf(storage, file), "content");
      assert.equal((await storage.files.info(file)).size, 7);
      assert.equal((await begin(storage, file, 7)).existed, true);
    }
  });

  test("an artifact of no bytes is one", async () => {
    await using storage = await open();
    const file = artifact();
    await store(storage, file, "");
    assert.deepEqual(await contentOf(storage, file), "");
    assert.deepEqual(await storage.files.usage(team.id), { usedBytes: 0, quotaBytes });
  });

  test("a file is known before its content arrives, and there is nothing to download then", async () => {
    await using storage = await open();
    const file = attachment("announced");
    const { url } = await begin(storage, file, 5);
    assert.equal((await storage.files.info(file)).size, 5);
    assert.equal(await contentOf(storage, file), undefined);
    assert.equal((await storage.files.usage(team.id)).usedBytes, 0);
    await storage.put(url, "12345");
    assert.equal(await contentOf(storage, file), "12345");
    assert.equal((await storage.files.usage(team.id)).usedBytes, 5);
  });

  test("new content replaces the old in one step; the recorded size is the largest", async () => {
    await using storage = await open();
    const file = attachment("key");
    await store(storage, file, "the first content");
    const { url, existed } = await begin(storage, file, 6);
    assert.equal(existed, true);
    assert.equal(await contentOf(storage, file), "the first content");
    await storage.put(url, "second");
    assert.equal(await contentOf(storage, file), "second");
    assert.equal((await storage.files.info(file)).size, 17);
    assert.equal((await storage.files.usage(team.id)).usedBytes, 6);
    await storage.files.settleUploads();
    assert.equal((await blobsOf(storage)).length, 1, "the old content is gone");
  });

  test("the only URL that is to be good ends those before it, also one whose content comes later", async () => {
    await using storage = await open();
    const file = artifact();
    const late = await begin(storage, file, 4);
    const { url } = await storage.files.begin({ team, file, bytes: 3, isOnlyOne: true });
    await storage.put(url, "new");
    await storage.put(late.url, "late").catch(() => {}); // a store that is not ours takes it
    assert.equal(await contentOf(storage, file), "new");
    await storage.files.settleUploads();
    assert.equal(await contentOf(storage, file), "new");
    assert.equal((await storage.files.usage(team.id)).usedBytes, 3);
  });

  test("what does not fit into the quota is refused, and nothing is changed", async () => {
    await using storage = await open();
    const file = attachment("large");
    await store(storage, file, "x".repeat(600));
    const before = await storage.files.info(file);
    await assert.rejects(begin(storage, attachment("more"), 401), isForbidden);
    await assert.rejects(begin(storage, file, 1_001), isForbidden);
    await assert.rejects(storage.files.info(attachment("more")), isNotFound);
    assert.deepEqual(await storage.files.info(file), before);
    assert.deepEqual(await storage.files.usage(team.id), { usedBytes: 600, quotaBytes });
    await begin(storage, file, 1_000); // in place of the 600
    await assert.rejects(begin(storage, attachment("more"), 1), isForbidden);
  });

  test("an upload on its way holds its room until it expires", async () => {
    await using storage = await open();
    const slow = attachment("slow");
    await begin(storage, slow, 900);
    await assert.rejects(begin(storage, attachment("other"), 200), isForbidden);
    storage.clock.advance(hourMs);
    const { url } = await begin(storage, attachment("other"), 200);
    await storage.put(url, "x".repeat(200));
    assert.equal(await usedBy(storage, [attachment("other"), slow]), 200);
  });

  test("content that arrives late is taken if it still fits, else it is not kept", async () => {
    await using storage = await open();
    const [early, late] = [attachment("early"), attachment("late")];
    const first = await begin(storage, early, 300);
    const second = await begin(storage, late, 600);
    storage.clock.advance(hourMs);
    assert.equal((await storage.files.settleUploads()).lapsed, 2);
    await store(storage, attachment("between"), "x".repeat(700));
    assert.equal(await usedBy(storage, [attachment("between")]), 700);
    await storage.put(first.url, "x".repeat(300));
    await storage.put(second.url, "x".repeat(600)).catch((error: unknown) => assert.ok(isForbidden(error)));
    assert.equal(await contentOf(storage, early), "x".repeat(300));
    assert.equal(await contentOf(storage, late), undefined);
    assert.equal((await storage.files.usage(team.id)).usedBytes, 1_000);
    await storage.files.settleUploads();
    assert.equal((await blobsOf(storage)).length, 2);
  });

  test("fifty uploads at once take no more than the quota has", async () => {
    await using storage = await open();
    const files = Array.from({ length: 50 }, (_, i) => attachment(`file ${i}`));
    const begun = await Promise.allSettled(files.map((file) => begin(storage, file, 100)));
    const granted = begun.filter((result) => result.status === "fulfilled");
    assert.equal(granted.length, 10);
    for (const result of begun) if (result.status === "rejected") assert.ok(isForbidden(result.reason));
    await Promise.all(granted.map(({ value }) => storage.put(value.url, "x".repeat(100))));
    assert.equal(await usedBy(storage, files), 1_000);
    await assert.rejects(begin(storage, attachment("one more"), 1), isForbidden);
    assert.equal(await storage.files.countAttachments(team), 10);
  });

  test("removing gives the room back, and a URL that is still out there is good for nothing", async () => {
    await using storage = await open();
    const file = attachment("key");
    const { url } = await begin(storage, file, 4);
    await storage.put(url, "mine");
    assert.equal(await contentOf(storage, file), "mine");
    const second = await begin(storage, file, 5);
    await storage.files.remove(file);
    assert.deepEqual(await storage.files.usage(team.id), { usedBytes: 0, quotaBytes });
    await assert.rejects(storage.files.remove(file), isNotFound);
    await assert.rejects(storage.files.download(file), isNotFound);
    for (const [late, content] of [
      [url, "mine"],
      [second.url, "again"],
    ] as const)
      await storage.put(late, content).catch((error: unknown) => assert.ok(isForbidden(error)));
    await assert.rejects(storage.files.info(file), isNotFound);
    storage.clock.advance(26 * hourMs);
    await storage.files.settleUploads();
    assert.deepEqual(await blobsOf(storage), []);
  });

  test("a young file is not removed by who asks for an age", async () => {
    await using storage = await open();
    const [young, old] = [attachment("young"), attachment("old")];
    await store(storage, old, "1");
    storage.clock.advance(hourMs);
    await store(storage, young, "2");
    await assert.rejects(storage.files.remove(young, { minAgeMs: hourMs }), (error) =>
      isYardError(error, "precondition"),
    );
    const missing = attachment("missing");
    const outcome = await storage.files.removeAll([missing, old, young], { minAgeMs: hourMs });
    assert.deepEqual(outcome, { removed: 1, failed: [missing, young] });
    assert.equal(await usedBy(storage, [young]), 1);
  });

  test("lists hold what was announced; downloads of many leave out what there is not", async () => {
    await using storage = await open();
    for (const key of ["b/1", "a/2", "a_b", "A/3", "%"]) await store(storage, attachment(key), key);
    await storage.files.begin({ team: otherTeam, file: attachment("a/2", otherTeam), bytes: 1 });
    const keysOf = async (filter = {}) => (await storage.files.attachments(team, filter)).map(({ key }) => key);
    assert.deepEqual(await keysOf(), ["%", "A/3", "a/2", "a_b", "b/1"]);
    assert.deepEqual(await keysOf({ key: "a" }), ["a/2", "a_b"]);
    assert.deepEqual(await keysOf({ key: "%" }), ["%"]);
    assert.deepEqual(await keysOf({ limit: 2, offset: 1 }), ["A/3", "a/2"]);
    assert.equal(await storage.files.countAttachments(team, { key: "/" }), 3);
    const [mine, missing] = [artifact(), artifact()];
    await store(storage, mine, "result");
    const downloads = await storage.files.downloadAll([missing, mine, attachment("a_b")]);
    assert.deepEqual(
      downloads.map(({ file, size }) => [file, size]),
      [
        [mine, 6],
        [attachment("a_b"), 3],
      ],
    );
    assert.equal(await storage.get(downloads[0]!.url), "result");
    const listed = await storage.files.artifactsOf([mine.taskUuid, missing.taskUuid]);
    assert.deepEqual(
      listed.map(({ taskUuid, artifact: kind, size }) => [taskUuid, kind, size]),
      [[mine.taskUuid, "result", 6]],
    );
  });

  test("keys and lengths that cannot be are refused, and change nothing", async () => {
    await using storage = await open();
    for (const key of ["", "a//b", "/a", "a/../b", "a/./b", "../a", "a\0b", "\ud800", "x".repeat(1_020)]) {
      await assert.rejects(
        begin(storage, attachment(key), 1),
        (error) => isYardError(error, "invalid") && error.field === "key",
      );
    }
    for (const bytes of [-1, 0.5, Number.NaN, 2 ** 53])
      await assert.rejects(begin(storage, attachment("k"), bytes), (error) => isYardError(error, "invalid"));
    assert.equal(await storage.files.countAttachments(team), 0);
  });

  test("whoever asks for a URL again and again uses the last, and nothing that has arrived is lost", async () => {
    await using storage = await open();
    const file = attachment("key");
    await storage.put((await begin(storage, file, 4)).url, "kept");
    for (let i = 0; i < 20; i++) await begin(storage, file, 5);
    assert.equal(await contentOf(storage, file), "kept");
    await store(storage, file, "last!");
    assert.equal(await contentOf(storage, file), "last!");
    assert.equal((await storage.files.usage(team.id)).usedBytes, 5);
  });

  test("nothing is left of a team that is no more", async () => {
    await using storage = await open();
    for (const file of [attachment("1"), attachment("2"), artifact()]) await store(storage, file, "content");
    await begin(storage, attachment("on its way"), 1);
    await storage.files.begin({ team: otherTeam, file: attachment("theirs", otherTeam), bytes: 1 });
    await storage.files.removeTeam(team.id);
    await storage.files.removeTeam(team.id);
    assert.equal(await storage.files.countAttachments(team), 0);
    assert.deepEqual(await blobsOf(storage), []);
    assert.deepEqual(await storage.files.usage(team.id), { usedBytes: 0, quotaBytes });
    assert.equal(await storage.files.countAttachments(otherTeam), 1);
  });
});

/** Each of these is what a process leaves that is killed at that point: all that outlives it is the database and the blobs. */
eachStorage("after a kill", (open) => {
  test("between content and its record: the content is found, and counted once", async () => {
    await using storage = await open();
    const file = artifact();
    await begin(storage, file, 7);
    const [upload] = await storage.database.kysely.selectFrom("file_uploads").selectAll().execute();
    await storage.blobs.put(upload!.blob_key, Readable.from([Buffer.from("content")]));
    const files = storage.restarted();
    assert.equal(await storage.get((await files.download(file)).url), "content");
    await files.download(file);
    assert.equal((await files.usage(team.id)).usedBytes, 7);
  });

  test("between the end of a record and that of its content: the content goes with the next pass", async () => {
    await using storage = await open();
    const file = attachment("key");
    await store(storage, file, "content");
    assert.equal(await contentOf(storage, file), "content");
    const killed = storage.restarted((blobs: BlobStore) => ({
      ...blobs,
      delete: () => Promise.reject(new Error("killed")),
    }));
    await killed.remove(file);
    assert.equal((await blobsOf(storage)).length, 1);
    assert.equal((await storage.restarted().settleUploads()).deleted, 1);
    assert.deepEqual(await blobsOf(storage), []);
  });

  test("content that no record leads to goes once it is old, a record without content gives its room back", async () => {
    await using storage = await open();
    const [kept, lost] = [attachment("kept"), attachment("lost")];
    await store(storage, kept, "kept");
    await store(storage, lost, "lost");
    assert.equal(await usedBy(storage, [kept, lost]), 8);
    const row = await storage.database.kysely
      .selectFrom("stored_files")
      .select("blob_key")
      .where("name", "=", "lost")
      .executeTakeFirstOrThrow();
    await storage.blobs.delete(row.blob_key);
    await storage.blobs.put("tasks/orphan", Readable.from([Buffer.from("x")]));
    assert.deepEqual(await storage.files.sweep(), { orphans: 0, lost: 1 });
    storage.clock.advance(49 * hourMs);
    assert.deepEqual(await storage.files.sweep(), { orphans: 1, lost: 0 });
    assert.equal(await contentOf(storage, kept), "kept");
    assert.equal(await contentOf(storage, lost), undefined);
    assert.equal((await storage.files.usage(team.id)).usedBytes, 4);
    await store(storage, lost, "found");
    assert.equal(await contentOf(storage, lost), "found");
  });
});
