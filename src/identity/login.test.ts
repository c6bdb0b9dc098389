import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Database } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const code = (expected: Parameters<typeof isYardError>[1]) => (error: unknown) => isYardError(error, expected);
const options = { api: "test" };
const minute = 60_000;

const wrongTries = async (identity: TestIdentity, username: string, times: number) => {
  for (let index = 0; index < times; index++) {
    await assert.rejects(
      identity.sessions.login({ username, password: `wrong ${index}` }, options),
      code("unauthenticated"),
    );
  }
};

eachDialect("login", (open) => {
  test("name or e-mail address and password make a session; the case of a name does not matter", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "Ada", password: testPassword, email: "ada@example.org", roles: ["view"] });
    for (const username of ["Ada", "ada", "ADA@example.org"]) {
      const issued = await identity.token(username);
      const principal = await identity.authenticator.authenticate(issued.token);
      assert.equal(principal.username, "Ada");
      assert.equal(issued.user.username, "Ada");
    }
  });

  test("the answer to a wrong password, an unknown name, a locked or a password-less account is one and the same", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    await identity.users.create({ username: "locked", password: testPassword });
    await identity.users.lock("locked");
    await identity.users.create({ username: "silent" });
    const answers = [];
    for (const [username, password] of [
      ["ada", "wrong"],
      ["nobody", "wrong"],
      ["locked", testPassword],
      ["silent", ""],
      ["nobody\0", "x".repeat(5_000)],
    ] as const) {
      answers.push(
        await identity.sessions
          .login({ username, password }, options)
          .catch((error: Error) => ({ ...error, text: error.message })),
      );
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.ok("code" in answers[0]! && answers[0].code === "unauthenticated");
  });

  test("too many wrong tries lock a name for a while, known or not, and then even the right password is refused", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    for (const username of ["ada", "nobody"]) {
      await wrongTries(identity, username, 5);
      await assert.rejects(identity.sessions.login({ username, password: testPassword }, options), (error) => {
        return isYardError(error, "locked") && error.retryAfterMs === 15 * minute;
      });
    }
    await assert.rejects(identity.users.checkPassword("ada", testPassword), code("locked"));
    identity.clock.advance(15 * minute - 1);
    await assert.rejects(identity.token("ada"), code("locked"));
    identity.clock.advance(1);
    await identity.token("ada");
  });

  test("a right password forgets the wrong tries, and so does unlocking", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    await wrongTries(identity, "ada", 4);
    await identity.token("ada");
    await wrongTries(identity, "ada", 5);
    await assert.rejects(identity.token("ada"), code("locked"));
    await identity.users.unlock("ada");
    await wrongTries(identity, "ada", 4);
    await identity.token("ada");
  });

  test("guesses that come all at once are counted all the same", async () => {
    await using identity = await openTestIdentity(open(), { gate: { limit: 4, queue: 200 } });
    await identity.users.create({ username: "ada", password: testPassword });
    const guesses = Array.from({ length: 60 }, (_, index) =>
      identity.sessions
        .login({ username: index % 2 ? "ada" : "ADA", password: `wrong ${index}` }, options)
        .catch((error: unknown) => error),
    );
    const answers = await Promise.all(guesses);
    assert.equal(answers.filter(code("unauthenticated")).length, 5);
    assert.equal(answers.filter(code("locked")).length, 55);
  });

  test("a digest logs in as the password does, and shares its lockout", async () => {
    await using identity = await openTestIdentity(open());
    const md5 = (text: string) => createHash("md5").update(text).digest("hex");
    await identity.users.create({ username: "ada", password: testPassword });
    await identity.users.checkDigest("ada", md5(testPassword));
    await identity.users.checkDigest("ada", md5(testPassword).toUpperCase());
    await assert.rejects(identity.users.checkDigest("ada", md5("wrong")), code("unauthenticated"));
    await assert.rejects(
      identity.users.checkPassword("ada", md5(testPassword)),
      code("unauthenticated"),
      "the digest is no password",
    );
    await wrongTries(identity, "ada", 3);
    await assert.rejects(identity.users.checkDigest("ada", md5(testPassword)), code("locked"));
  });

  test("a user known by digest alone gets the first verifier at the first login that shows the password", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "ada", password: testPassword });
    await identity.database.kysely.updateTable("users").set({ password_hash: null }).where("id", "=", id).execute();
    await assert.rejects(identity.token("ada", "wrong"), code("unauthenticated"));
    await identity.token("ada");
    const row = await identity.database.kysely
      .selectFrom("users")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    assert.match(row.password_hash ?? "", /^\$argon2id\$/);
    await identity.token("ada");
  });

  test("a flood of 500 logins hashes at most two at once, and a right one among them gets in or is told to come again", async () => {
    await using identity = await openTestIdentity(open(), { gate: { limit: 2, queue: 64 } });
    await identity.users.create({ username: "ada", password: testPassword });
    const flood = Array.from({ length: 500 }, (_, index) =>
      identity.sessions
        .login({ username: `guess-${index}`, password: "wrong" }, { ...options, remoteAddress: "203.0.113.9" })
        .catch((error: unknown) => error),
    );
    const honest = identity.sessions.login(
      { username: "ada", password: testPassword },
      { ...options, remoteAddress: "192.0.2.1" },
    );
    assert.equal((await honest).kind, "session", "its source has the shortest line");
    const answers = await Promise.all(flood);
    const refused = answers.filter(code("too_many")).length;
    assert.ok(refused >= 400, `${refused} were refused without a hash`);
    assert.equal(answers.filter(code("unauthenticated")).length, 500 - refused);
  });

  const overtaking: Record<string, (identity: TestIdentity, own: string) => Promise<unknown>> = {
    "its password changes": (identity, own) =>
      identity.users.setPassword("ada", "another password", { keepSessionId: own }),
    "its user is locked": (identity) => identity.users.lock("ada"),
    "all its sessions are ended": async (identity) =>
      identity.sessions.revokeAllOf((await identity.users.get("ada")).id),
  };
  for (const [what, overtake] of Object.entries(overtaking)) {
    test(`a login makes no session when ${what} between its check and its end`, async () => {
      const database = await open();
      let beforeTransaction: (() => Promise<unknown>) | undefined;
      const held: Database = {
        ...database,
        async transaction(work, transactionOptions) {
          const first = beforeTransaction;
          beforeTransaction = undefined;
          await first?.();
          return database.transaction(work, transactionOptions);
        },
      };
      await using identity = await openTestIdentity(Promise.resolve(held));
      await identity.users.create({ username: "ada", password: testPassword });
      const { sessionId } = await identity.token("ada");
      beforeTransaction = () => overtake(identity, sessionId);
      await assert.rejects(identity.token("ada"), code("unauthenticated"));
    });
  }

  test("a lifetime of nothing, or of more than a year, is refused", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    for (const lifetimeMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 400 * 24 * 60 * minute]) {
      const login = identity.sessions.login({ username: "ada", password: testPassword }, { ...options, lifetimeMs });
      await assert.rejects(login, (error) => isYardError(error, "invalid") && error.field === "lifetimeMs");
    }
  });
});
