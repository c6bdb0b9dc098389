import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { refreshGraceMs, registrationMs } from "./enrolment.ts";
import { hostTokenMs } from "./host-tokens.ts";
import { openTestEnrolment, type TestEnrolment } from "./test-enrolment.ts";

const refused = { code: "unauthenticated" } as const;

async function assertShutOut(hosts: TestEnrolment, held: { token: string; refreshToken: string }): Promise<void> {
  await assert.rejects(hosts.enrolment.authenticate(held.token), refused);
  await assert.rejects(hosts.enrolment.refresh(held.refreshToken), refused);
}

eachDialect("enrolment", (open) => {
  test("a registration token makes a machine the host, once", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id, status } = await hosts.add();
    assert.equal(status, "pending");
    const token = await hosts.enrolment.invite(id);
    assert.match(token, /^[0-9a-f]{64}$/);
    const joined = await hosts.enrolment.register(token, { name: "rig", arch: "x86_64", memoryMb: 4_096 });
    assert.equal(joined.host.status, "online");
    assert.deepEqual([joined.host.name, joined.host.arch, joined.host.memoryMb], ["rig", "x86_64", 4_096]);
    assert.match(joined.refreshToken, /^[0-9a-f]{64}$/);
    assert.equal((await hosts.enrolment.authenticate(joined.token)).id, id);
    await assert.rejects(hosts.enrolment.register(token, {}), refused);
  });

  test("of several that register with one token at the same moment one is the host", async () => {
    await using hosts = await openTestEnrolment(open());
    const token = await hosts.enrolment.invite((await hosts.add()).id);
    const tries = await Promise.allSettled([1, 2, 3, 4].map(() => hosts.enrolment.register(token, {})));
    assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1);
  });

  test("two tokens of one host make one machine it: the other is used up, too", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id } = await hosts.add();
    const [first, second] = [await hosts.enrolment.invite(id), await hosts.enrolment.invite(id)];
    await hosts.enrolment.register(first, {});
    await assert.rejects(hosts.enrolment.register(second, {}), { code: "not_found" });
    await assert.rejects(hosts.enrolment.register(second, {}), refused);
    await assert.rejects(hosts.enrolment.invite(id), { code: "conflict" });
  });

  for (const { what, token } of [
    { what: "made up", token: "ab".repeat(32) },
    { what: "empty", token: "" },
    { what: "endless", token: "a".repeat(100_000) },
  ]) {
    test(`a registration token that is ${what} is refused`, async () => {
      await using hosts = await openTestEnrolment(open());
      await hosts.add();
      await assert.rejects(hosts.enrolment.register(token, {}), refused);
    });
  }

  test("a registration token is good for an hour", async () => {
    await using hosts = await openTestEnrolment(open());
    const token = await hosts.enrolment.invite((await hosts.add()).id);
    hosts.clock.advance(registrationMs);
    await assert.rejects(hosts.enrolment.register(token, {}), refused);
  });

  test("neither registration nor refresh tokens can be read from the database", async () => {
    await using hosts = await openTestEnrolment(open());
    const token = await hosts.enrolment.invite((await hosts.add()).id);
    const { refreshToken } = await hosts.join();
    const stored = JSON.stringify([
      await hosts.database.kysely.selectFrom("host_registrations").selectAll().execute(),
      await hosts.database.kysely.selectFrom("host_refresh_tokens").selectAll().execute(),
    ]);
    for (const secret of [token, refreshToken]) assert.ok(!stored.includes(secret));
  });

  test("a host's token is good for seven days", async () => {
    await using hosts = await openTestEnrolment(open());
    const { token } = await hosts.join();
    hosts.clock.advance(hostTokenMs - 1_000);
    await hosts.enrolment.authenticate(token);
    hosts.clock.advance(2_000);
    await assert.rejects(hosts.enrolment.authenticate(token), refused);
  });

  test("each refresh token yields the next, and another host's yield nothing of it", async () => {
    await using hosts = await openTestEnrolment(open());
    const other = await hosts.join();
    let { host, refreshToken } = await hosts.join();
    for (let round = 0; round < 3; round++) {
      hosts.clock.advance(86_400_000);
      const next = await hosts.enrolment.refresh(refreshToken);
      assert.notEqual(next.refreshToken, refreshToken);
      assert.equal((await hosts.enrolment.authenticate(next.token)).id, host.id);
      refreshToken = next.refreshToken;
    }
    assert.equal((await hosts.enrolment.refresh(other.refreshToken)).host.id, other.host.id);
    assert.deepEqual(hosts.reused, []);
  });

  test("a refresh token is good for sixty days", async () => {
    await using hosts = await openTestEnrolment(open());
    const { refreshToken } = await hosts.join();
    hosts.clock.advance(60 * 86_400_000);
    await assert.rejects(hosts.enrolment.refresh(refreshToken), refused);
  });

  test("a request that was sent twice gets the same successor, also at the same moment", async () => {
    await using hosts = await openTestEnrolment(open());
    const { refreshToken } = await hosts.join();
    const answers = await Promise.all([1, 2, 3].map(() => hosts.enrolment.refresh(refreshToken)));
    assert.equal(new Set(answers.map((answer) => answer.refreshToken)).size, 1);
    assert.deepEqual(hosts.reused, []);
  });

  for (const order of ["the thief first", "the agent first"] as const) {
    test(`a stolen refresh token ends all credentials of its host: ${order}`, async () => {
      await using hosts = await openTestEnrolment(open());
      const { host, token, refreshToken } = await hosts.join();
      const first = await hosts.enrolment.refresh(refreshToken, { useName: order });
      hosts.clock.advance(refreshGraceMs + 1);
      await assert.rejects(hosts.enrolment.refresh(refreshToken, { useName: "somebody else's" }), refused);
      await assertShutOut(hosts, { token, refreshToken });
      await assertShutOut(hosts, first);
      assert.deepEqual(hosts.reused, [host.id]);
      assert.equal((await hosts.registry.get(host.id)).status, "pending");
      const again = await hosts.enrolment.register(await hosts.enrolment.invite(host.id), {});
      assert.equal((await hosts.enrolment.authenticate(again.token)).id, host.id, "its machine may join again");
    });
  }

  test("an answer that was lost can be asked for again by the name of the use, until its successor was used", async () => {
    await using hosts = await openTestEnrolment(open());
    const { refreshToken } = await hosts.join();
    const lost = await hosts.enrolment.refresh(refreshToken, { useName: "tuesday" });
    hosts.clock.advance(86_400_000);
    const asked = await hosts.enrolment.refresh(refreshToken, { useName: "tuesday" });
    assert.equal(asked.refreshToken, lost.refreshToken);
    await hosts.enrolment.refresh(asked.refreshToken);
    await assert.rejects(hosts.enrolment.refresh(refreshToken, { useName: "tuesday" }), refused);
    assert.equal(hosts.reused.length, 1);
  });

  test("the token of a host that was removed is known for what it is", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host, token, refreshToken } = await hosts.join();
    assert.equal(await hosts.registry.remove(host.id), true);
    await assert.rejects(hosts.enrolment.authenticate(token), { code: "not_found" });
    await assert.rejects(hosts.enrolment.refresh(refreshToken), refused);
  });
});
