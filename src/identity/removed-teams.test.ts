import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createLog } from "../platform/log.ts";
import { until } from "../platform/testing/until.ts";
import { clearRemovedTeams } from "./removed-teams.ts";
import { openTestIdentity } from "./testing.ts";

const log = createLog({ level: "silent" });

eachDialect("removed teams", (open) => {
  test("the team of a deleted user is cleared, also when the first try has failed or its process has died", async () => {
    await using identity = await openTestIdentity(open());
    const { database, clock, users, teams } = identity;
    const bus = createBus<Topics>({ onError: (error) => process.emitWarning(String(error)) });
    const noted = async () => (await database.kysely.selectFrom("removed_teams").select("team_id").execute()).length;
    await users.create({ username: "ada" });
    const { id: kept } = await users.create({ username: "bob" });
    await teams.create("lab", { userId: kept });
    const { id: teamId } = await teams.get("ada");
    const cleared: string[] = [];
    const start = (clear = async (id: string): Promise<void> => void cleared.push(id)) =>
      clearRemovedTeams({ database, clock, bus, log, clear });
    {
      await using _running = start();
      await users.delete("ada");
      await bus.publish("user.changed", { userId: "ada" });
      await until(() => cleared.length > 0);
      assert.equal(await noted(), 1, "more may come of it");
    }
    assert.deepEqual([...new Set(cleared)], [teamId]);
    cleared.length = 0;
    clock.advance(2 * 3_600_000);
    {
      const failed = Promise.withResolvers<void>();
      await using _failing = start(() => {
        failed.resolve();
        return Promise.reject(new Error("the disk is away"));
      });
      await failed.promise;
    }
    assert.equal(await noted(), 1);
    {
      await using _next = start();
      await until(async () => (await noted()) === 0);
      assert.deepEqual(cleared, [teamId]);
    }
    await teams.delete("lab");
    assert.equal(await noted(), 1, "a shared team, too");
  });
});
