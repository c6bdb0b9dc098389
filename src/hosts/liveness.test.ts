import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { createLiveness, type HostEvent } from "./liveness.ts";
import { openTestEnrolment, type TestEnrolment } from "./test-enrolment.ts";

function watch({ database, clock }: TestEnrolment) {
  const events: HostEvent[] = [];
  const tell = (event: HostEvent) => void events.push(event);
  return { events, liveness: createLiveness({ database, clock, tell, changed: async () => {} }) };
}

eachDialect("the status of hosts", (open) => {
  test("a host that is quiet for 90 seconds is unreachable, until it is heard of again; both are told once", async () => {
    await using hosts = await openTestEnrolment(open());
    const { events, liveness } = watch(hosts);
    const { host } = await hosts.join();
    const status = async () => (await hosts.registry.get(host.id)).status;
    for (let seconds = 0; seconds < 120; seconds += 30) {
      hosts.clock.advance(30_000);
      await liveness.heard([host.id]);
      await liveness.judge();
    }
    assert.equal(await status(), "online");
    hosts.clock.advance(89_000);
    await liveness.judge();
    assert.equal(await status(), "online");
    hosts.clock.advance(2_000);
    await Promise.all([liveness.judge(), liveness.judge()]);
    assert.equal(await status(), "unreachable");
    await Promise.all([liveness.heard([host.id]), liveness.heard([host.id])]);
    assert.equal(await status(), "online");
    assert.deepEqual(
      events.map(({ event, hostId }) => [event, hostId]),
      [
        ["host.down", host.id],
        ["host.up", host.id],
      ],
    );
  });

  test("whose host it is is told with it", async () => {
    await using hosts = await openTestEnrolment(open());
    const { events, liveness } = watch(hosts);
    const { id } = await hosts.add({ kind: "byoc", teamId: "team_1" });
    await hosts.enrolment.register(await hosts.enrolment.invite(id), {});
    hosts.clock.advance(91_000);
    await liveness.judge();
    assert.equal(events[0]?.teamId, "team_1");
  });

  test("a host that no machine is yet stays pending, whoever speaks for it", async () => {
    await using hosts = await openTestEnrolment(open());
    const { events, liveness } = watch(hosts);
    const { id } = await hosts.add();
    await liveness.heard([id]);
    hosts.clock.advance(1_000_000);
    await liveness.judge();
    assert.equal((await hosts.registry.get(id)).status, "pending");
    assert.deepEqual(events, []);
  });

  test("a yard that was away takes nobody to be gone before it has listened for 90 seconds itself", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    hosts.clock.advance(3_600_000);
    const { liveness } = watch(hosts);
    await liveness.judge();
    assert.equal((await hosts.registry.get(host.id)).status, "online");
    hosts.clock.advance(90_000);
    await liveness.judge();
    assert.equal((await hosts.registry.get(host.id)).status, "unreachable");
  });
});
