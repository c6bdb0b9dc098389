import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../platform/db/database.ts";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { createAudit } from "./audit.ts";
import { hashEntry } from "./audit-chain.ts";
import type { Audit, AuditEntry } from "./identity.ts";
import { createTestClock } from "./testing.ts";

const entry = (target: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ actor: { id: "user_1", name: "ada" }, api: "test", action: "app.write", target, outcome: "done", ...more },
});

async function fill(audit: Audit, entries: number): Promise<void> {
  await Promise.all(Array.from({ length: entries }, (_, index) => audit.record(entry(`app-${index + 1}`))));
}

eachDialect("the audit log", (open) => {
  test("holds what was recorded, in order, and an empty one holds too", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: createTestClock() });
    assert.deepEqual(await audit.verify(), { ok: true, prunedThrough: 0, entries: 0, lastHash: "0".repeat(64) });
    await audit.record(entry("web", { remoteAddress: "192.0.2.1", requestId: "r1", details: { run: 7 } }));
    await audit.record(entry("web", { outcome: "denied", actor: { id: null, name: "nobody" } }));
    const rows = await database.kysely.selectFrom("audit_entries").selectAll().orderBy("seq").execute();
    assert.deepEqual(
      rows.map(({ seq, actor_id, outcome, details, remote_address }) => ({
        seq,
        actor_id,
        outcome,
        details,
        remote_address,
      })),
      [
        { seq: 1, actor_id: "user_1", outcome: "done", details: '{"run":7}', remote_address: "192.0.2.1" },
        { seq: 2, actor_id: null, outcome: "denied", details: "{}", remote_address: null },
      ],
    );
    assert.deepEqual(await audit.verify(), { ok: true, prunedThrough: 0, entries: 2, lastHash: rows[1]?.hash });
  });

  test("texts of any length and with any character are kept well enough to be verified", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: createTestClock() });
    for (const text of ["", "x".repeat(100_000), "a\0b", "\ud800 alone", "☂ 𝄞", "'; drop table", "a\u0000\n\u202e"]) {
      await audit.record(entry(text, { requestId: text, details: { text } }));
    }
    const verdict = await audit.verify();
    assert.ok(verdict.ok && verdict.entries === 7, JSON.stringify(verdict));
  });

  test("stays one chain when several processes write at once", async () => {
    await using database = await open();
    await using second = await openDatabase(database.options);
    const clock = createTestClock();
    await using one = createAudit({ database, clock });
    await using two = createAudit({ database: second, clock });
    for (let round = 0; round < 5; round++)
      await Promise.all([fill(one, 20), fill(two, 20), two.record(entry("last"))]);
    const verdict = await one.verify();
    assert.ok(verdict.ok && verdict.entries === 205, JSON.stringify(verdict));
  });

  test("is longer than a page of its verification", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: createTestClock() });
    await fill(audit, 2_500);
    const verdict = await audit.verify();
    assert.ok(verdict.ok && verdict.entries === 2_500, JSON.stringify(verdict));
    await database.kysely.updateTable("audit_entries").set({ target: "x" }).where("seq", "=", 2_001).execute();
    assert.equal(brokenAt(await audit.verify()), 2_001);
  });

  const tamperings: Record<string, { brokenAt: number; tamper: (db: TestDatabase["kysely"]) => Promise<unknown> }> = {
    ...Object.fromEntries(
      (
        [
          "actor_id",
          "actor_name",
          "api",
          "action",
          "target",
          "outcome",
          "remote_address",
          "request_id",
          "details",
        ] as const
      ).map((column) => [
        `the ${column} of an entry was edited`,
        {
          brokenAt: 4,
          tamper: (db: TestDatabase["kysely"]) =>
            db
              .updateTable("audit_entries")
              .set({ [column]: "denied" })
              .where("seq", "=", 4)
              .execute(),
        },
      ]),
    ),
    "the time of an entry was edited": {
      brokenAt: 4,
      tamper: (db) => db.updateTable("audit_entries").set({ at: 1 }).where("seq", "=", 4).execute(),
    },
    "the hash of an entry was edited": {
      brokenAt: 4,
      tamper: (db) =>
        db
          .updateTable("audit_entries")
          .set({ hash: "0".repeat(64) })
          .where("seq", "=", 4)
          .execute(),
    },
    "an entry was edited and its hash made to fit": {
      brokenAt: 5,
      async tamper(db) {
        const [third, fourth] = await db
          .selectFrom("audit_entries")
          .selectAll()
          .where("seq", "in", [3, 4])
          .orderBy("seq")
          .execute();
        const edited = { ...fourth!, target: "edited" };
        await db
          .updateTable("audit_entries")
          .set({ target: "edited", hash: hashEntry(third!.hash, edited) })
          .where("seq", "=", 4)
          .execute();
      },
    },
    "an entry in the middle was deleted": {
      brokenAt: 4,
      tamper: (db) => db.deleteFrom("audit_entries").where("seq", "=", 4).execute(),
    },
    "the first entry was deleted": {
      brokenAt: 1,
      tamper: (db) => db.deleteFrom("audit_entries").where("seq", "=", 1).execute(),
    },
    "an entry was deleted and the others moved up": {
      brokenAt: 4,
      async tamper(db) {
        await db.deleteFrom("audit_entries").where("seq", "=", 4).execute();
        for (let seq = 5; seq <= 10; seq++)
          await db
            .updateTable("audit_entries")
            .set({ seq: seq - 1 })
            .where("seq", "=", seq)
            .execute();
      },
    },
    "two entries changed places": {
      brokenAt: 4,
      async tamper(db) {
        for (const [from, to] of [
          [4, 99],
          [5, 4],
          [99, 5],
        ] as const)
          await db.updateTable("audit_entries").set({ seq: to }).where("seq", "=", from).execute();
      },
    },
    "the end was cut off": {
      brokenAt: 8,
      tamper: (db) => db.deleteFrom("audit_entries").where("seq", ">", 7).execute(),
    },
    "everything was deleted": { brokenAt: 1, tamper: (db) => db.deleteFrom("audit_entries").execute() },
    "the end was cut off and the record of the newest entry deleted": {
      brokenAt: 7,
      async tamper(db) {
        await db.deleteFrom("audit_entries").where("seq", ">", 7).execute();
        await db.deleteFrom("settings").execute();
      },
    },
  };
  for (const [what, { brokenAt: expected, tamper }] of Object.entries(tamperings)) {
    test(`tells where it is broken when ${what}`, async () => {
      await using database = await open();
      await using audit = createAudit({ database, clock: createTestClock() });
      await fill(audit, 10);
      await tamper(database.kysely);
      assert.equal(brokenAt(await audit.verify()), expected);
    });
  }

  test("an anchor kept elsewhere finds a log that was cut and whose newest entry was set back, or that was written anew", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: createTestClock() });
    await fill(audit, 10);
    const before = await audit.verify();
    assert.ok(before.ok);
    const anchor = { seq: before.entries, hash: before.lastHash };
    assert.ok((await audit.verify({ anchor })).ok);
    const seventh = await database.kysely
      .selectFrom("audit_entries")
      .selectAll()
      .where("seq", "=", 7)
      .executeTakeFirstOrThrow();
    await database.kysely.deleteFrom("audit_entries").where("seq", ">", 7).execute();
    await sql`update settings set value = ${JSON.stringify({ seq: 7, hash: seventh.hash })} where key = 'audit.head'`.execute(
      database.kysely,
    );
    assert.ok((await audit.verify()).ok, "whoever can write the database can forge this much");
    assert.equal(brokenAt(await audit.verify({ anchor })), 8);
    await fill(audit, 10);
    assert.equal(brokenAt(await audit.verify({ anchor })), 10);
  });
});

function brokenAt(verdict: Awaited<ReturnType<Audit["verify"]>>): number | "whole" {
  return verdict.ok ? "whole" : verdict.brokenAt;
}
