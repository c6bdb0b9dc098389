import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createTeamDirectory } from "./team-directory.ts";
import { openTestIdentity } from "./testing.ts";

async function openWithTeams(open: Parameters<typeof openTestIdentity>[0]) {
  await using opened = new AsyncDisposableStack();
  const identity = opened.use(await openTestIdentity(open));
  const { id: userId } = await identity.users.create({ username: "ada" });
  const lab = await identity.teams.create("lab", { userId });
  const bus = createBus<Topics>({ onError: (error) => process.emitWarning(String(error)) });
  const directory = opened.use(createTeamDirectory({ database: identity.database, bus, clock: identity.clock }));
  const lifetime = opened.move();
  const changed = () => bus.publish("user.changed", { userId });
  return {
    ...{ identity, userId, bus, directory, changed },
    lab: { id: lab.id, name: lab.name },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

eachDialect("the directory of teams", (open) => {
  test("finds teams by name and by id, and tells nothing of others", async () => {
    await using opened = await openWithTeams(open());
    const { directory, lab } = opened;
    assert.deepEqual(await directory.byName("lab"), lab);
    for (const name of ["none", "a\0b", "", "x".repeat(5_000)]) assert.equal(await directory.byName(name), undefined);
    assert.deepEqual([...(await directory.byNames(["lab", "none", "ada", "lab"])).keys()].sort(), ["ada", "lab"]);
    assert.deepEqual([...(await directory.byIds([lab.id, "team_none"])).values()], [lab]);
  });

  test("answers at once for what it remembers, until that may be outdated", async () => {
    await using opened = await openWithTeams(open());
    const { directory, lab, identity } = opened;
    await directory.byName("lab");
    assert.deepEqual(directory.byName("lab"), lab, "no promise");
    identity.clock.advance(2_000);
    assert.ok(directory.byName("lab") instanceof Promise);
  });

  test("forgets a team that is no more, and knows the next one of that name", async () => {
    await using opened = await openWithTeams(open());
    const { directory, lab, identity, userId, changed, bus } = opened;
    await directory.byName("lab");
    await identity.teams.delete("lab");
    await changed();
    assert.equal(await directory.byName("lab"), undefined);
    assert.equal((await directory.byIds([lab.id])).size, 0);
    const next = await identity.teams.create("lab", { userId });
    assert.equal((await directory.byName("lab"))?.id, next.id);
    await identity.teams.delete("lab");
    bus.resync();
    assert.equal(await directory.byName("lab"), undefined);
  });

  test("thousands are found in one go", async () => {
    await using opened = await openWithTeams(open());
    const names = Array.from({ length: 3_000 }, (_, index) => `none-${index}`);
    assert.deepEqual([...(await opened.directory.byNames([...names, "lab"])).keys()], ["lab"]);
  });
});
