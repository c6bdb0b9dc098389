import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

const dayMs = 24 * 3_600_000;

eachDialect("purging", (open) => {
  test("takes what has expired or ended, with its refresh tokens, and leaves what lives", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const login = (lifetimeMs: number, refresh = false) =>
      identity.sessions.login({ username: "ada", password: testPassword }, { api: "test", lifetimeMs, refresh });
    await login(dayMs);
    await login(dayMs, true);
    const { sessionId } = await identity.token("ada");
    await identity.sessions.revoke(sessionId);
    const kept = await identity.sessions.login(
      { username: "ada", password: testPassword },
      { api: "test", lifetimeMs: 90 * dayMs },
    );
    await identity.sessions.login({ username: "nobody", password: "wrong" }, { api: "test" }).catch(() => {});
    assert.equal(await identity.purgeExpired(), 0);
    identity.clock.advance(31 * dayMs);
    assert.equal(await identity.purgeExpired(), 4);
    assert.equal(await identity.purgeExpired(), 0);
    assert.deepEqual(await identity.database.kysely.selectFrom("refresh_tokens").selectAll().execute(), []);
    assert.ok(kept.kind === "session");
    await identity.authenticator.authenticate(kept.issued.token);
  });

  test("goes on over many batches, and keeps a lock that still holds", async () => {
    await using identity = await openTestIdentity(open());
    const { id: user_id } = await identity.users.create({ username: "ada", password: testPassword });
    const now = identity.clock.now();
    const dead = {
      user_id,
      audience: "runyard",
      api: "test",
      remote_address: null,
      created_at: now,
      expires_at: now,
      revoked_at: null,
    };
    for (let page = 0; page < 3; page++) {
      const rows = Array.from({ length: 400 }, (_, index) => ({ id: `ses_${page}_${index}`, ...dead }));
      await identity.database.kysely.insertInto("sessions").values(rows).execute();
    }
    const failure = { failures: 5, first_failed_at: 0, locked_until: now + 1_000 };
    await identity.database.kysely
      .insertInto("login_failures")
      .values({ subject: "user:ada", ...failure })
      .execute();
    assert.equal(await identity.purgeExpired(), 1_200);
    identity.clock.advance(1_000);
    assert.equal(await identity.purgeExpired(), 1);
  });
});
