import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { openTestIdentity } from "./testing.ts";

eachDialect("looking for users", (open) => {
  test("finds them by how their e-mail address begins, whatever characters it has", async () => {
    await using identity = await openTestIdentity(open());
    for (const [username, email] of [
      ["ada", "Ada@x.test"],
      ["ann", "a_a@x.test"],
      ["bob", "bob@x.test"],
    ] as const)
      await identity.users.create({ username, email });
    const found = async (prefix: string) => (await identity.users.searchByEmail(prefix)).map(({ email }) => email);
    assert.deepEqual(await found("ada@"), ["Ada@x.test"]);
    assert.deepEqual(await found("a_a@"), ["a_a@x.test"]); // no wildcard
    assert.deepEqual(await found("%@"), []);
  });
});
