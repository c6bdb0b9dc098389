/** Who somebody is whom a provider vouches for, on both databases. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../../platform/errors.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "../testing.ts";
import type { OpenIdProviderInput } from "./openid.ts";
import { loopback, startTestProvider, type TestProvider } from "./testing.ts";

let provider: TestProvider;
before(async () => {
  provider = await startTestProvider();
});
after(() => provider[Symbol.asyncDispose]());

const redirectUri = "https://yard.example/back";
const refused = (code: YardErrorCode, field?: string) => (error: unknown) =>
  isYardError(error, code) && (field === undefined || error.field === field);

async function openWith(opening: Promise<Database>, settings: Partial<OpenIdProviderInput> = {}) {
  const identity = await openTestIdentity(opening, { openid: { allowNetworks: loopback } });
  await identity.openid.providers.create({
    ...{ slug: "corp", displayName: "Corp", issuer: provider.issuer, defaultRole: "viewer" },
    ...{ clientId: provider.client.id, clientSecret: provider.client.secret, ...settings },
  });
  return identity;
}

type Person = Readonly<Record<string, unknown>>;
const ada = {
  sub: "ada-1",
  email: "Ada@corp.example",
  email_verified: true,
  preferred_username: "ada",
  name: "Ada L.",
};

async function signIn({ openid }: TestIdentity, claims: Person, userinfo: Person = {}) {
  Object.assign(provider, { claims, userinfo });
  const { url, sealed } = await openid.begin("corp", redirectUri);
  return openid.complete("corp", { sealed, parameters: provider.visit(url), source: "203.0.113.7" });
}

/** Administrator, and somebody who manages users and is none. */
async function makeManagers({ users, roles, principal }: TestIdentity) {
  const permissions = ["users.list", "users.write", "users.delete", "fleet.manage", "password.change-any"];
  await roles.set("managers", permissions);
  await users.create({ username: "root", password: testPassword, roles: ["admin"] });
  await users.create({ username: "manager", password: testPassword, roles: ["managers"] });
  return { root: await principal("root"), manager: await principal("manager") };
}

eachDialect("users of an OpenID provider", (open) => {
  test("are made at the first sign-in and found by issuer and subject ever after, whatever else has changed", async () => {
    await using identity = await openWith(open(), { hostTags: ["lab"] });
    const first = await signIn(identity, ada);
    const { username, email, displayName, roles, hostTags, hasPassword } = first.user;
    assert.deepEqual(
      { as: first.as, username, email, displayName, roles, hostTags, hasPassword },
      {
        ...{ as: "new", username: "ada", email: "Ada@corp.example", displayName: "Ada L.", roles: ["viewer"] },
        ...{ hostTags: ["lab"], hasPassword: false },
      },
    );
    const again = await signIn(identity, { sub: "ada-1", preferred_username: "root", email: "else@corp.example" });
    assert.deepEqual([again.as, again.user.id, again.user.username], ["known", first.user.id, "ada"]);
    assert.equal(again.roleChange, undefined);
    assert.notEqual((await signIn(identity, { ...ada, sub: "ADA-1", email: "b@corp.example" })).user.id, first.user.id);
  });

  test("get names that are free, and nobody's address for a name", async () => {
    await using identity = await openWith(open());
    await identity.users.create({ username: "Ada" });
    const names = [];
    for (const [sub, person] of [
      ["1", { preferred_username: "ada" }],
      ["2", { preferred_username: "root@corp.example" }],
      ["3", { name: "Zoë  Müller" }],
      ["4", { preferred_username: "../..", name: "self" }],
      ["5", {}],
    ] as const)
      names.push((await signIn(identity, { sub, email: `x${sub}@corp.example`, ...person })).user.username);
    assert.deepEqual(names, ["ada2", "root", "Zoe-Muller", "x4", "x5"]);
  });

  test("are one user where two first sign-ins of one person come at once", async () => {
    await using identity = await openWith(open());
    provider.claims = ada;
    const begun = await Promise.all([1, 2, 3].map(() => identity.openid.begin("corp", redirectUri)));
    const arrived = await Promise.all(
      begun.map(({ url, sealed }, index) =>
        identity.openid.complete("corp", { sealed, parameters: provider.visit(url), source: `10.0.0.${index}` }),
      ),
    );
    assert.equal(new Set(arrived.map(({ user }) => user.id)).size, 1);
    assert.deepEqual(
      (await identity.users.list()).map(({ username }) => username),
      ["ada"],
    );
  });

  test("keep no address that the provider has not verified, and are not made without one", async () => {
    await using identity = await openWith(open());
    assert.equal((await signIn(identity, { ...ada, email_verified: false })).user.email, null);
    assert.equal((await signIn(identity, { sub: "2", email: "b@corp.example" })).user.email, null);
    // What is said of one address is not said of another.
    const mixed = { sub: "3", email: "victim@corp.example" };
    const verified = { email: "c@corp.example", email_verified: true };
    assert.equal((await signIn(identity, mixed, verified)).user.email, null);
    await assert.rejects(signIn(identity, { sub: "4", name: "Nobody" }), refused("invalid"));
    assert.equal((await signIn(identity, { sub: "5" }, verified)).user.email, "c@corp.example");
  });

  test("are users that were there, by an address that an administrator has written and the provider has verified", async () => {
    await using identity = await openWith(open());
    const { root } = await makeManagers(identity);
    const made = await identity.users.create(
      { username: "lovelace", email: "ada@corp.example", roles: ["operator"] },
      { by: root },
    );
    await assert.rejects(signIn(identity, { ...ada, email_verified: false }), refused("conflict", "email"));
    const linked = await signIn(identity, ada);
    assert.deepEqual([linked.as, linked.user.id], ["linked", made.id]);
    assert.deepEqual(linked.user.roles, ["operator", "viewer"]);
    assert.equal((await signIn(identity, { ...ada, email: "moved@corp.example" })).user.id, made.id);
  });

  test("never take over an account whose address somebody else could have written", async () => {
    await using identity = await openWith(open());
    const { root, manager } = await makeManagers(identity);
    const { users } = identity;
    await users.create({ username: "signed-up", email: "ada@corp.example", password: testPassword });
    await assert.rejects(signIn(identity, ada), refused("conflict", "email"));
    await users.update("signed-up", { email: null });

    await users.create({ username: "victim", email: "victim@corp.example", roles: ["operator"] }, { by: root });
    await users.update("victim", { email: "ada@corp.example" }, { by: manager });
    await assert.rejects(signIn(identity, ada), refused("conflict", "email"));
    await assert.rejects(users.update("root", { email: "ada@corp.example" }, { by: manager }), refused("forbidden"));

    // Clients send the address along with what an administrator really changes.
    await users.update("victim", { email: "ada@corp.example", roles: ["viewer"] }, { by: root });
    await assert.rejects(signIn(identity, ada), refused("conflict", "email"));
    await users.update("victim", { email: null }, { by: root });
    await users.update("victim", { email: "ada@corp.example" }, { by: root });
    await users.update("victim", { email: "Ada@corp.example", displayName: "Vic" }, { by: manager });
    assert.equal((await signIn(identity, ada)).user.username, "victim");
  });

  test("get a role by their groups at each sign-in, and lose what only a group has given", async () => {
    const groups = { groupClaim: "groups", adminGroup: "root", operatorGroup: "ops" };
    await using identity = await openWith(open(), groups);
    await makeManagers(identity);
    const rolesWith = async (groups: unknown) => (await signIn(identity, { ...ada, groups })).user.roles;
    assert.deepEqual(await rolesWith(["ops", "all"]), ["operator"]);
    assert.deepEqual(await rolesWith(["root", "ops"]), ["admin"]);
    const { token } = await identity.sessions.open((await identity.users.get("ada")).id, { api: "test" });
    assert.equal((await identity.authenticator.authenticate(token)).isAdmin, true);
    assert.deepEqual(await rolesWith("root"), ["admin"]);
    assert.deepEqual(await rolesWith(["ROOT", "roots", { root: true }]), ["viewer"]);
    assert.equal((await identity.authenticator.authenticate(token)).isAdmin, false);
    await identity.users.update("ada", { roles: ["viewer", "tasks"] });
    assert.deepEqual(await rolesWith(["ops"]), ["operator", "tasks"]);
    assert.deepEqual((await signIn(identity, ada, { groups: ["root"] })).user.roles, ["admin", "tasks"]);
    assert.deepEqual(await rolesWith(undefined), ["tasks", "viewer"]);
  });

  test("are not let in while they are locked, by an administrator or by wrong passwords", async () => {
    await using identity = await openWith(open());
    const { user } = await signIn(identity, ada);
    await identity.users.lock("ada");
    await assert.rejects(signIn(identity, ada), refused("forbidden"));
    await identity.users.unlock("ada");
    assert.equal((await signIn(identity, ada)).user.id, user.id);
    for (let attempt = 0; attempt < 5; attempt++)
      await assert.rejects(identity.token("ada", "wrong password"), refused("unauthenticated"));
    await assert.rejects(signIn(identity, ada), refused("locked"));
    identity.clock.advance(16 * 60_000);
    assert.equal((await signIn(identity, ada)).user.id, user.id);
  });

  test("leave the yard with an administrator", async () => {
    await using identity = await openWith(open(), { groupClaim: "groups", adminGroup: "root" });
    await signIn(identity, { ...ada, groups: ["root"] });
    await assert.rejects(signIn(identity, ada), refused("precondition"));
    assert.deepEqual((await identity.users.get("ada")).roles, ["admin"]);
  });
});
