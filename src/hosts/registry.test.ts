import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { openTestEnrolment } from "./test-enrolment.ts";

eachDialect("the registry of hosts", (open) => {
  test("hosts are listed newest first, and a team's own by themselves", async () => {
    await using hosts = await openTestEnrolment(open());
    const everybodys = await hosts.add({ name: "atlas" });
    hosts.clock.advance(1);
    const own = await hosts.add({ kind: "byoc", teamId: "team_1", provider: "hetzner", zone: "eu" });
    assert.deepEqual(
      (await hosts.registry.list()).map(({ id }) => id),
      [own.id, everybodys.id],
    );
    const [only, ...others] = await hosts.registry.list({ ownedBy: "team_1" });
    assert.deepEqual([only?.id, only?.provider, only?.zone, others.length], [own.id, "hetzner", "eu", 0]);
    assert.deepEqual(await hosts.registry.list({ ownedBy: "team_2" }), []);
  });

  test("tags are kept once, in order, and can be taken away again and again", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id } = await hosts.add({ tags: ["ssd"] });
    for (const tag of ["gpu", "ssd", "gpu"]) await hosts.registry.tag(id, tag);
    assert.deepEqual((await hosts.registry.get(id)).tags, ["gpu", "ssd"]);
    for (let times = 0; times < 2; times++) await hosts.registry.untag(id, "gpu");
    assert.deepEqual((await hosts.registry.get(id)).tags, ["ssd"]);
  });

  for (const tag of ["", "a b", "a\nb", "\u0000", "x".repeat(129)]) {
    test(`${JSON.stringify(tag.slice(0, 20))} is no tag, and changes nothing`, async () => {
      await using hosts = await openTestEnrolment(open());
      const { id } = await hosts.add();
      await assert.rejects(hosts.registry.tag(id, tag), { code: "invalid", field: "tag" });
      await assert.rejects(hosts.add({ tags: [tag] }), { code: "invalid", field: "tag" });
      assert.deepEqual((await hosts.registry.get(id)).tags, []);
      assert.equal((await hosts.registry.list()).length, 1);
    });
  }

  test("a host has a bound number of tags", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id } = await hosts.add({ tags: Array.from({ length: 64 }, (_, number) => `tag${number}`) });
    await assert.rejects(hosts.registry.tag(id, "more"), { code: "too_many" });
  });

  test("nothing stays of a host that is removed", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    await hosts.registry.tag(host.id, "gpu");
    assert.equal(await hosts.registry.remove(host.id), true);
    assert.equal(await hosts.registry.remove(host.id), false);
    await assert.rejects(hosts.registry.get(host.id), { code: "not_found" });
    await assert.rejects(hosts.registry.tag(host.id, "gpu"), { code: "not_found" });
    for (const table of ["host_tags", "host_refresh_tokens"] as const)
      assert.deepEqual(await hosts.database.kysely.selectFrom(table).selectAll().execute(), []);
  });

  test("each connection of an agent has a higher number than those before it, whichever yard it reaches", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id } = await hosts.add();
    assert.equal(await hosts.registry.claimLink(id, "yard_1"), 1);
    assert.equal(await hosts.registry.claimLink(id, "yard_2"), 2);
    assert.equal((await hosts.registry.get(id)).yardId, "yard_2");
    assert.equal(await hosts.registry.claimLink("host_x", "yard_1"), undefined);
  });

  test("a yard's own machine is there from its first start, and keeps its tags", async () => {
    await using hosts = await openTestEnrolment(open());
    const id = "host_00000000000000000000000000";
    await hosts.registry.ensureLocal({ id, name: "atlas" });
    await hosts.registry.tag(id, "ssd");
    await hosts.registry.ensureLocal({ id, name: "renamed" });
    const { name, status, isLocal, tags, yardId } = await hosts.registry.get(id);
    assert.deepEqual(
      { name, status, isLocal, tags, yardId },
      { name: "renamed", status: "online", isLocal: true, tags: ["ssd"], yardId: id },
    );
  });
});
