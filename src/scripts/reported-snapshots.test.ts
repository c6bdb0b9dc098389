import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { openTestSnapshots } from "../snapshots/testing.ts";
import { endWithout } from "./execution.ts";
import { endExecution, insertExecutions } from "./execution-rows.ts";
import { reportedSnapshots } from "./reported-snapshots.ts";
import { addStep } from "./sessions.ts";

eachDialect("snapshots that were reported", (open) => {
  const day = 86_400_000;

  test("are kept as long as an execution or a session names them, however old they are", async () => {
    await using store = await openTestSnapshots(open);
    const { database, snapshots, clock } = store;
    const save = async (text: string) => {
      const tree = await snapshots.open("lab", snapshots.emptyId);
      await tree.write("file", Buffer.from(text));
      return await tree.save();
    };
    const [ofExecution, ofStep, ofNobody] = [await save("one"), await save("two"), await save("three")];
    const step = { teamId: "lab", session: "s", at: 1, heapIn: null, heapOut: null, source: "" };
    await database.transaction(async (trx) => {
      const execution = { id: "e", teamId: "lab", createdAt: 1, session: null, heapIn: null, instanceId: "host_1" };
      await insertExecutions(trx, [execution]);
      await endExecution(trx, { id: "e", at: 2, end: { ...endWithout("completed", ""), fsOut: ofExecution } });
      await addStep(trx, { ...step, executionId: "gone", fsOut: ofStep });
      await addStep(trx, { ...step, executionId: "e", fsOut: ofExecution });
    });
    const keep = await reportedSnapshots(database.kysely);
    assert.deepEqual([...keep].sort(), [ofExecution, ofStep].sort());

    clock.time += 31 * day;
    const aborted = AbortSignal.abort();
    await assert.rejects(snapshots.collectGarbage({ keepUsedMs: 30 * day, keep, signal: aborted }), {
      name: "AbortError",
    });
    const { snapshots: collected } = await snapshots.collectGarbage({ keepUsedMs: 30 * day, keep });
    assert.equal(collected, 1);
    assert.equal((await snapshots.readFile("lab", ofExecution, "file")).toString(), "one");
    assert.equal((await snapshots.readFile("lab", ofStep, "file")).toString(), "two");
    await assert.rejects(snapshots.readFile("lab", ofNobody, "file"), { code: "not_found" });
  });
});
