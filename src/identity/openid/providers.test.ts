/** OpenID providers as they are kept, on both databases. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretBox } from "../../platform/crypto/secret-box.ts";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect, openTestDatabase } from "../../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../../platform/errors.ts";
import { openTestIdentity, testPassword } from "../testing.ts";
import { requireIssuer } from "./issuer.ts";
import { createOpenIdProviders } from "./providers.ts";

const refused = (code: YardErrorCode, field?: string) => (error: unknown) =>
  isYardError(error, code) && error.field === field;
const input = {
  ...{ slug: "Corp", displayName: " Corp ", issuer: "https://login.example/realm/.well-known/openid-configuration" },
  ...{ clientId: "yard", clientSecret: "s3cret value", defaultRole: "viewer" },
};

async function openStore(opening: Promise<Database>) {
  const identity = await openTestIdentity(opening);
  const { database, clock } = identity;
  const providers = createOpenIdProviders({ database, clock, secrets: createSecretBox(Buffer.alloc(32, 1)) });
  return { identity, providers, [Symbol.asyncDispose]: () => identity[Symbol.asyncDispose]() };
}

eachDialect("OpenID providers", (open) => {
  test("are made, changed, switched off and deleted; what is left out stays, the secret too", async () => {
    await using store = await openStore(open());
    const { providers, identity } = store;
    const made = await providers.create(input);
    assert.deepEqual(made, {
      ...{ id: made.id, slug: "corp", displayName: "Corp", issuer: "https://login.example/realm", clientId: "yard" },
      ...{ scopes: "openid profile email", groupClaim: "", adminGroup: "", operatorGroup: "", defaultRole: "viewer" },
      ...{ hostTags: [], isEnabled: true, createdAt: made.createdAt, updatedAt: made.createdAt },
    });
    const stored = await identity.database.kysely.selectFrom("openid_providers").selectAll().execute();
    assert.ok(!JSON.stringify(stored).includes("s3cret"));

    const { clientSecret: _, ...others } = { ...input, issuer: made.issuer };
    const groups = { groupClaim: "groups", adminGroup: "root", scopes: "email,groups" };
    await providers.update(made.id, { ...others, ...groups, isEnabled: false, hostTags: ["Lab"] });
    const changed = await providers.update(made.id, { ...others, clientSecret: "" });
    const { scopes, groupClaim, adminGroup, isEnabled, hostTags } = changed;
    assert.deepEqual(
      [scopes, groupClaim, adminGroup, isEnabled, hostTags],
      ["openid email groups", "groups", "root", false, ["lab"]],
    );
    assert.ok(changed.updatedAt > made.updatedAt);
    assert.equal(await providers.secretOf(made.id), "s3cret value");
    await assert.rejects(providers.enabled("corp"), refused("not_found"));

    assert.equal(await providers.remove(made.id), "corp");
    await assert.rejects(providers.remove(made.id), refused("not_found"));
    await assert.rejects(providers.update(made.id, input), refused("not_found"));
    assert.deepEqual(await providers.list(), []);
  });

  test("have one slug each", async () => {
    await using store = await openStore(open());
    const { providers } = store;
    const [one, two] = [await providers.create(input), await providers.create({ ...input, slug: "two" })];
    await assert.rejects(providers.create(input), refused("conflict", "slug"));
    await assert.rejects(providers.update(two.id, { ...input, slug: "corp" }), refused("conflict", "slug"));
    assert.deepEqual(
      (await providers.list()).map(({ id }) => id),
      [one.id, two.id],
    );
  });

  test("get a secret sent by us only where it was given for", async () => {
    await using store = await openStore(open());
    const { providers } = store;
    const { id } = await providers.create(input);
    const elsewhere = { ...input, clientSecret: undefined, issuer: "https://evil.example" };
    await assert.rejects(providers.update(id, elsewhere), refused("invalid", "clientSecret"));
    assert.equal((await providers.list())[0]?.issuer, "https://login.example/realm");
    await providers.update(id, { ...elsewhere, clientSecret: "another" });
    assert.equal(await providers.secretOf(id), "another");
  });

  test("are set up by administrators who reach all hosts, and by nobody else", async () => {
    await using store = await openStore(open());
    const { identity, providers } = store;
    const { users, roles } = identity;
    await roles.set("managers", ["fleet.manage", "users.write", "config.write"]);
    for (const [username, role, hostTags] of [
      ["root", "admin", []],
      ["scoped", "admin", ["lab"]],
      ["manager", "managers", []],
    ] as const)
      await users.create({ username, password: testPassword, roles: [role], hostTags });
    const { id } = await providers.create(input, { by: await identity.principal("root") });
    for (const name of ["scoped", "manager"]) {
      const by = await identity.principal(name);
      await assert.rejects(providers.create({ ...input, slug: "mine" }, { by }), refused("forbidden"));
      await assert.rejects(providers.update(id, input, { by }), refused("forbidden"));
      await assert.rejects(providers.remove(id, { by }), refused("forbidden"));
    }
  });

  test("make nobody an administrator for being known there, nor give a role that there is not", async () => {
    await using store = await openStore(open());
    await store.identity.roles.set("all", ["*"]);
    for (const defaultRole of ["admin", "all", "nobody"])
      await assert.rejects(store.providers.create({ ...input, defaultRole }), refused("invalid", "defaultRole"));
  });
});

test("what cannot be right is refused with the field, and nothing is kept", async () => {
  await using store = await openStore(openTestDatabase("sqlite"));
  for (const [field, value] of [
    ...["", "a b", "-a", "../x", "a/b", "x".repeat(64)].map((slug) => ["slug", slug] as const),
    ["displayName", " "],
    ["displayName", "a\u0000b"],
    ["clientId", ""],
    ["clientSecret", "two\nlines"],
    ["scopes", 'email "'],
    ["adminGroup", "root"],
    ...[
      ...["", "login.example", "ftp://login.example", "javascript:alert(1)", "http://login.example"],
      ...["https://user:word@login.example", "https://login.example?x", "https://login.example/#x", "https://a b"],
      ...["http://127.0.0.1.example", "http://[fe80::1]", `https://login.example/${"x".repeat(1_024)}`],
    ].map((issuer) => ["issuer", issuer] as const),
  ]) {
    const expected = field === "adminGroup" ? "groupClaim" : field;
    const attempt = store.providers.create({ ...input, [field!]: value });
    await assert.rejects(attempt, refused("invalid", expected), `${field}: ${value}`);
  }
  assert.deepEqual(await store.providers.list(), []);
});

for (const issuer of ["https://login.example/", "http://127.0.0.1:9/x", "http://localhost:9", "http://[::1]:9"])
  test(`${issuer} is an issuer as it is written`, async () => {
    assert.equal(requireIssuer(` ${issuer} `), issuer);
  });
