/** Pruning the audit log: it still holds afterwards, and nothing is lost on the way. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Database } from "../platform/db/database.ts";
import { eachDialect, openTestDatabase } from "../platform/db/testing.ts";
import { createLog } from "../platform/log.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import { createAudit } from "./audit.ts";
import { createAuditLog } from "./audit-log.ts";
import { openAuditRetention } from "./audit-retention.ts";
import { createTestClock } from "./testing.ts";

const dayMs = 86_400_000;
const ann = { id: "user_1", name: "ann" };

/** Five entries of each of ten days, of which today is the last. */
async function openLog(database: Database, { intervalMs }: { intervalMs?: number } = {}) {
  const clock = createTestClock();
  const directory = temporaryDirectory();
  const audit = createAudit({ database, clock });
  for (let day = 0; day < 10; day++) {
    if (day > 0) clock.advance(dayMs);
    const record = (target: string) =>
      audit.record({ actor: ann, api: "test", action: "app.write", target, outcome: "done", details: { day } });
    for (let count = 0; count < 5; count++) await record(`${day}-${count}`);
  }
  const openIt = (over: Database) =>
    openAuditRetention({
      database: over,
      directory: directory.path,
      clock,
      log: createLog({ level: "silent" }),
      intervalMs,
    });
  const retention = openIt(database);
  const archived = () =>
    readdirSync(directory.path)
      .filter((name) => name.endsWith(".gz"))
      .flatMap((name) =>
        gunzipSync(readFileSync(join(directory.path, name)))
          .toString()
          .trim()
          .split("\n"),
      )
      .map((line): { readonly seq: number; readonly hash: string } => JSON.parse(line));
  const seqs = async () =>
    (await database.kysely.selectFrom("audit_entries").select("seq").orderBy("seq").execute()).map(({ seq }) => seq);
  return {
    ...{ clock, audit, directory, retention, openIt, archived, seqs },
    async [Symbol.asyncDispose]() {
      await retention[Symbol.asyncDispose]();
      await audit[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** Whose n-th transaction fails, as if the process had been killed then. @param isAfter once it has been committed */
function dyingAt(database: Database, n: number, isAfter: boolean): Database {
  let count = 0;
  const transaction: Database["transaction"] = async (work, options) => {
    count += 1;
    if (count === n && !isAfter) throw new Error("killed");
    const result = await database.transaction(work, options);
    if (count === n) throw new Error("killed");
    return result;
  };
  return { ...database, transaction, [Symbol.asyncDispose]: async () => {} };
}

const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

eachDialect("the retention of the audit log", (open) => {
  test("keeps everything, until somebody says otherwise", async () => {
    await using database = await open();
    await using log = await openLog(database);
    assert.deepEqual(await log.retention.preview(), { rules: { mode: "forever" }, wouldPrune: 0 });
    assert.equal((await log.retention.run(ann)).pruned, 0);
    assert.deepEqual(await log.seqs(), numbers(1, 50));
  });

  test("prunes what is too old, and the chain holds over the bridge, also the second time", async () => {
    await using database = await open();
    await using log = await openLog(database);
    const preview = await log.retention.set({ mode: "days", days: 3 });
    assert.equal(preview.wouldPrune, 30);
    const run = await log.retention.run(ann);
    assert.deepEqual([run.pruned, run.bridge, run.archive], [30, 51, undefined]);
    assert.deepEqual(await log.seqs(), numbers(31, 51));
    const verdict = await log.audit.verify();
    assert.ok(verdict.ok && verdict.entries === 21 && verdict.prunedThrough === 30, JSON.stringify(verdict));
    const [bridge] = await createAuditLog(database, { slice: 4 }).list({ limit: 1 });
    assert.deepEqual([bridge?.action, bridge?.actor_name, bridge?.target], ["audit.prune", "ann", "1-30"]);
    assert.equal((await createAuditLog(database, { slice: 4 }).list({ limit: 100 })).length, 21);
    assert.equal((await log.retention.run(ann)).pruned, 0);

    log.clock.advance(20 * dayMs);
    await log.audit.record({ actor: ann, api: "test", action: "x", target: "new", outcome: "done" });
    assert.equal((await log.retention.run(ann)).pruned, 21, "the bridge itself, too");
    assert.deepEqual(await log.seqs(), [52, 53]);
    assert.ok((await log.audit.verify()).ok);
  });

  test("puts what it prunes into a file that can be verified by itself", async () => {
    await using database = await open();
    await using log = await openLog(database);
    const rows = await database.kysely.selectFrom("audit_entries").selectAll().orderBy("seq").execute();
    await log.retention.set({ mode: "archive", days: 3, directory: "old/ones" });
    const { archive } = await log.retention.run(ann);
    assert.equal(archive?.path, join(log.directory.path, "old/ones/audit-1-30.jsonl.gz"));
    const lines = gunzipSync(readFileSync(archive.path)).toString().trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      rows.slice(0, 30),
    );
    const [bridge] = await createAuditLog(database).list({ limit: 1 });
    assert.equal(JSON.parse(bridge!.details).archive.sha256, archive.sha256);
  });

  for (const [n, isAfter] of [
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ] as const)
    test(`loses nothing when it is killed ${isAfter ? "after" : "before"} its transaction ${n}, and goes on later`, async () => {
      await using database = await open();
      await using log = await openLog(database);
      await log.retention.set({ mode: "archive", days: 3 });
      await using dying = log.openIt(dyingAt(database, n, isAfter));
      await assert.rejects(dying.run(ann), /killed/);
      assert.ok((await log.audit.verify()).ok);
      const kept = new Set([...(await log.seqs()), ...log.archived().map(({ seq }) => seq)]);
      assert.deepEqual(
        [...kept].filter((seq) => seq <= 50).sort((a, b) => a - b),
        numbers(1, 50),
      );
      await log.retention.run(ann);
      assert.deepEqual(await log.seqs(), numbers(31, 51));
      assert.ok((await log.audit.verify()).ok);
    });

  test("prunes nothing that cannot be archived", async () => {
    await using database = await open();
    await using log = await openLog(database);
    await log.retention.set({ mode: "archive", days: 3, directory: "taken" });
    writeFileSync(join(log.directory.path, "taken"), "a file");
    await assert.rejects(log.retention.run(ann));
    assert.deepEqual(await log.seqs(), numbers(1, 50));
    await log.retention.set({ mode: "archive", days: 3, directory: "full" });
    mkdirSync(join(log.directory.path, "full/audit-1-30.jsonl.gz"), { recursive: true });
    await assert.rejects(log.retention.run(ann));
    assert.deepEqual(readdirSync(join(log.directory.path, "full")), ["audit-1-30.jsonl.gz"]);
    assert.deepEqual(await log.seqs(), numbers(1, 50));
  });

  test("prunes nothing of a log that does not hold", async () => {
    await using database = await open();
    await using log = await openLog(database);
    await database.kysely.updateTable("audit_entries").set({ target: "x" }).where("seq", "=", 7).execute();
    for (const mode of ["days", "archive"] as const) {
      await log.retention.set({ mode, days: 3 });
      await assert.rejects(log.retention.run(ann), { code: "conflict", message: /entry 7 was changed/ });
    }
    assert.deepEqual([await log.seqs(), log.archived()], [numbers(1, 50), []]);
  });

  test("is found out when somebody prunes more behind its back, or edits the bridge", async () => {
    await using database = await open();
    await using log = await openLog(database);
    await log.retention.set({ mode: "days", days: 3 });
    await log.retention.run(ann);
    await database.kysely.deleteFrom("audit_entries").where("seq", "=", 31).execute();
    const verdict = await log.audit.verify();
    assert.ok(!verdict.ok && verdict.brokenAt === 31, JSON.stringify(verdict));
    const { hash } = await database.kysely
      .selectFrom("audit_entries")
      .select("hash")
      .where("seq", "=", 32)
      .executeTakeFirstOrThrow();
    const details = JSON.stringify({ through: 32, hash, entries: 32 });
    await database.kysely.updateTable("audit_entries").set({ details }).where("seq", "=", 51).execute();
    const edited = await log.audit.verify();
    assert.ok(!edited.ok && edited.brokenAt === 51, JSON.stringify(edited));
  });

  test("of two yards that prune at one time one does", async () => {
    await using database = await open();
    await using log = await openLog(database);
    await log.retention.set({ mode: "days", days: 3 });
    await using other = log.openIt(database);
    const runs = await Promise.all([log.retention.run(ann), other.run(ann)]);
    assert.deepEqual(runs.map(({ pruned }) => pruned).sort(), [0, 30]);
    assert.deepEqual(await log.seqs(), numbers(31, 51));
    assert.ok((await log.audit.verify()).ok);
  });

  test("looks after it by itself", async () => {
    await using database = await open();
    await using log = await openLog(database, { intervalMs: 20 });
    await log.retention.set({ mode: "days", days: 3 });
    await until(async () => {
      log.clock.advance(20);
      return (await log.seqs())[0]! > 30;
    });
  });
});

describe("no retention is", () => {
  for (const [field, rules] of [
    ["days", { mode: "days" }],
    ["days", { mode: "archive", days: 0 }],
    ["days", { mode: "days", days: 1.5 }],
    ["directory", { mode: "archive", days: 1, directory: "../elsewhere" }],
    ["directory", { mode: "archive", days: 1, directory: "/etc" }],
    ["directory", { mode: "archive", days: 1, directory: "a//b" }],
    ["directory", { mode: "archive", days: 1, directory: "a\0b" }],
    ["directory", { mode: "archive", days: 1, directory: "-rf" }],
  ] as const)
    test(JSON.stringify(rules), async () => {
      await using database = await openTestDatabase("sqlite");
      const parts = { database, directory: "/nowhere", clock: createTestClock(), log: createLog({ level: "silent" }) };
      await using retention = openAuditRetention(parts);
      await assert.rejects(retention.set(rules), { code: "invalid", field });
      assert.deepEqual((await retention.preview()).rules, { mode: "forever" });
    });
});
