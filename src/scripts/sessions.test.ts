import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestClock } from "../identity/testing.ts";
import type { Database } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { mostTeamTags, requireRoomForTags } from "./heap-tags.ts";
import { forgetOldSessions } from "./retention.ts";
import { addStep, listSessions, listSteps, mostSessions, requireRoomForSession } from "./sessions.ts";
import { dayMs, openTestHeaps, putHeap } from "./testing-heaps.ts";

const step = { teamId: "lab", executionId: "e", heapIn: null, heapOut: null, fsOut: null, source: "1" };

const named = sql`'n' || cast(i as text)`;
const countTo = (count: number) =>
  sql`with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ${sql.lit(count)})`;

function addTo(database: Database, session: string, at: number): Promise<void> {
  return database.transaction((trx) => addStep(trx, { ...step, session, at }));
}

eachDialect("bounds of sessions and tags", (open) => {
  test("a session that nobody goes on with is forgotten with its steps, the others are not", async () => {
    await using database = await open();
    const db = database.kysely;
    await addTo(database, "old", 0);
    await addTo(database, "lively", 0);
    await addTo(database, "lively", 10 * dayMs);
    await addTo(database, "new", 9 * dayMs);
    assert.deepEqual(await listSessions(db, "lab", 10), ["new", "lively", "old"]);
    assert.equal(await forgetOldSessions(database, { maxSessionAgeMs: 5 * dayMs }, 10 * dayMs), 1);
    assert.deepEqual(await listSessions(db, "lab", 10), ["new", "lively"]);
    assert.deepEqual(await listSteps(db, "lab", "old"), []);
    assert.equal((await listSteps(db, "lab", "lively")).length, 2);
  });

  test("a team has so many sessions; with the most there is no new one, and the old ones go on", async () => {
    await using database = await open();
    await sql`${countTo(mostSessions)} insert into script_sessions (team_id, name, newest_step, used_at)
      select 'lab', ${named}, i, 0 from numbers`.execute(database.kysely);
    const refused = { code: "too_many", field: "session", message: /at most 10000 sessions/ };
    await assert.rejects(requireRoomForSession(database.kysely, "lab", "one more"), refused);
    await requireRoomForSession(database.kysely, "lab", "n17");
    await requireRoomForSession(database.kysely, "rival", "one more");
  });

  test("a team's heaps have so many tags; with the most none is added, but they can be replaced", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    const [full, other] = ["1".repeat(64), "2".repeat(64)];
    for (const id of [full, other]) await putHeap(parts.packs, { teamId: "lab", id });
    await sql`${countTo(mostTeamTags)} insert into heap_tags (team_id, heap_id, key, value)
      select 'lab', ${sql.lit(full)}, ${named}, '' from numbers`.execute(parts.database.kysely);
    const refused = { code: "too_many", field: "tags", message: /at most 100000 tags/ };
    await assert.rejects(parts.heaps.setTags("lab", other, { a: "" }), refused);
    await assert.rejects(requireRoomForTags(parts.database.kysely, "lab", { a: "" }), refused);
    assert.deepEqual(await parts.heaps.tags("lab", other), {});
    await parts.heaps.setTags("lab", full, { a: "" });
    await parts.heaps.setTags("lab", other, { a: "" });
  });
});
