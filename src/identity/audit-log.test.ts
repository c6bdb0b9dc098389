/** Reading the audit log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createAudit } from "./audit.ts";
import { createAuditLog } from "./audit-log.ts";

eachDialect("the audit log", (open) => {
  test("is listed newest first, by what actions begin with and by who acted, however far back they are", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: systemClock });
    const log = createAuditLog(database, { slice: 3 });
    assert.deepEqual(await log.list({ limit: 10 }), []);
    for (let count = 1; count <= 10; count += 1)
      await audit.record({
        actor: { id: count % 2 ? "odd" : "even", name: "somebody" },
        ...{ api: "test", target: String(count), outcome: "done" as const },
        action: count === 2 ? "rare.thing" : "usual_thing",
      });

    const targets = async (query: Partial<Parameters<typeof log.list>[0]>) =>
      (await log.list({ limit: 100, ...query })).map(({ target }) => Number(target));
    assert.deepEqual(await targets({}), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await targets({ limit: 4 }), [10, 9, 8, 7]);
    assert.deepEqual(await targets({ actionPrefix: "rare" }), [2]);
    assert.deepEqual(await targets({ actionPrefix: "usual%" }), []);
    assert.deepEqual(await targets({ actorId: "odd", limit: 2 }), [9, 7]);
    const size = await log.size();
    assert.equal(size.entries, 10);
    assert.ok(size.oldestAt !== undefined && size.oldestAt <= Date.now());
  });

  test("tells of each entry what it follows, also where that is filtered out or in another slice", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: systemClock });
    for (const action of ["a", "b", "a", "b"])
      await audit.record({ actor: { id: null, name: "x" }, api: "test", action, target: "", outcome: "done" });
    const [fourth, third, second, first] = await createAuditLog(database).list({ limit: 9 });
    const found = await createAuditLog(database, { slice: 1 }).list({ limit: 9, actionPrefix: "b" });
    assert.deepEqual(found, [fourth, second]);
    assert.deepEqual(
      [fourth?.previousHash, second?.previousHash, first?.previousHash],
      [third?.hash, first?.hash, null],
    );
  });
});
