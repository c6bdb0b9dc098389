import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { type AppMesh, appMesh, logIn } from "../../../../test/support/appmesh.ts";
import { auditLog } from "../../../../test/support/audit-log.ts";
import { type OpenedYard, openTestYard } from "../../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../../test/support/yard-process.ts";

const password = "correct horse";
const sdk = { "user-agent": "appmesh/python" };
let opened: OpenedYard;
let admin: AppMesh;
/** Manages users, and may look at everything, but is no administrator. */
let keeper: AppMesh;
/** May do nothing. */
let bare: AppMesh;
let anyone: AppMesh;

before(async () => {
  opened = await openTestYard();
  const { users } = opened.yard.identity;
  await users.create({ username: "keeper", password, roles: ["usermgr", "view"], teams: ["office"] });
  await users.create({ username: "bare", password });
  admin = await logIn(opened.url, "admin", adminPassword);
  keeper = await logIn(opened.url, "keeper", password);
  bare = await logIn(opened.url, "bare", password);
  anyone = appMesh(() => opened.url, undefined);
});
after(() => opened[Symbol.asyncDispose]());

type Wire = Record<string, unknown>;
const users = async () => (await admin.expect("GET", "/users", { headers: sdk })).json<Record<string, Wire>>();
const messageOf = (reply: { json<T>(): T }) => reply.json<{ message: string }>().message;

test("a user is added with what was given, and seen so in the list, without the password", async () => {
  const given = { email: "ada@example.org", group: "lab", roles: ["view", "later"], metadata: '{"a":1}' };
  const added = await admin.request("PUT", "/user/ada", { body: { key: password, ...given } });
  assert.equal(added.status, 201, added.text);
  const { ada } = await users();
  assert.deepEqual(
    { ...ada, exec_user: "" },
    {
      ...{ name: "ada", locked: false, mfa_enabled: false, exec_user: "" },
      ...{ ...given, roles: ["later", "view"] },
    },
  );
  assert.notEqual(ada?.exec_user, "", "the one that programs really run as");
  assert.doesNotMatch(JSON.stringify(auditLog(opened.data)), new RegExp(password));
  const self = await (await logIn(opened.url, "ada", password)).expect("GET", "/user/self");
  assert.deepEqual(self.json(), { ...ada, audience: ["appmesh-service"] });
});

test("changing a user replaces everything but password and TOTP: what is left out becomes empty", async () => {
  await admin.expect("PUT", "/user/bob", {
    body: { key: password, email: "b@example.org", group: "lab", roles: ["view"], metadata: "m", exec_user: "nobody" },
  });
  const { id } = await opened.yard.identity.users.get("bob");
  await admin.expect("PUT", "/user/BOB", { body: { key: "another password", roles: ["shell"], name: "ignored" } });
  const { metadata, execUser, email, teams, roles } = await opened.yard.identity.users.get("bob");
  assert.deepEqual(
    { metadata, execUser, email, teams, roles },
    {
      ...{ metadata: null, execUser: "", email: null, teams: ["bob"], roles: ["shell"] },
    },
  );
  assert.equal((await opened.yard.identity.users.get("bob")).id, id);
  await logIn(opened.url, "bob", password);
});

test("a user that was viewed can be sent back as it is, and stays in all its groups", async () => {
  await opened.yard.identity.users.create({ username: "carl", password, teams: ["blue", "green"], roles: ["view"] });
  const before = await opened.yard.identity.users.get("carl");
  await admin.expect("PUT", "/user/carl", { body: (await users()).carl });
  assert.deepEqual(await opened.yard.identity.users.get("carl"), before);
});

test("quirk userAddedStatus: clients get 200, others 201", async () => {
  for (const [headers, status] of [
    [sdk, 200],
    [{}, 201],
  ] as const) {
    const reply = await admin.request("PUT", `/user/new${status}`, { headers, body: { key: password } });
    assert.equal(reply.status, status, reply.text);
  }
});

test("quirk usersShape: clients get an object by name, others a list", async () => {
  const list = (await admin.expect("GET", "/users")).json<Wire[]>();
  assert.ok(Array.isArray(list));
  assert.deepEqual(Object.fromEntries(list.map((user) => [user.name, user])), await users());
});

for (const { what, body, says } of [
  { what: "no password", body: {}, says: /^key: / },
  { what: "a short password", body: { key: "12345" }, says: /^key: / },
  { what: "no e-mail address", body: { key: password, email: "nowhere" }, says: /^email: / },
  { what: "an OS user that there is not", body: { key: password, exec_user: "no-such" }, says: /^exec_user: / },
  { what: "an OS user that is an option", body: { key: password, exec_user: "--reuid=0" }, says: /^exec_user: / },
  { what: "a path for a group", body: { key: password, group: "../x" }, says: /^group: / },
  { what: "a line break in a role", body: { key: password, roles: ["a\nb"] }, says: /^roles: / },
  { what: "a text for the roles", body: { key: password, roles: "view" }, says: /roles/ },
  { what: "an object for the metadata", body: { key: password, metadata: {} }, says: /metadata/ },
  { what: "a text for a flag", body: { key: password, locked: "yes" }, says: /locked/ },
  { what: "malformed JSON", body: '{"key": ', says: /./ },
] as const) {
  test(`a new user with ${what} is refused with 400 by the name of the field`, async () => {
    const reply = await admin.request("PUT", "/user/wrong", { body });
    assert.equal(reply.status, 400, reply.text);
    assert.match(messageOf(reply), says);
    assert.equal("wrong" in (await users()), false);
  });
}

for (const name of ["self", "-x", "a b", "..%2fx", "a%00b", "a%0ab", "x".repeat(65)]) {
  test(`nobody can be added as ${name.slice(0, 20)}`, async () => {
    const reply = await admin.request("PUT", `/user/${name}`, { body: { key: password } });
    assert.equal(reply.status, 400, reply.text);
    assert.match(messageOf(reply), /^user_name: /);
  });
}

test("TOTP is nobody else's to set up", async () => {
  for (const body of [
    { key: password, mfa_enabled: true },
    { key: password, mfa_key: "JBSWY3DPEHPK3PXP" },
  ])
    assert.equal((await admin.request("PUT", "/user/wrong", { body })).status, 412);
});

test("a deleted user is gone with its sessions; who gets the name later gets neither them nor the apps", async () => {
  await admin.expect("PUT", "/user/dora", { body: { key: password, roles: ["view", "manage"] } });
  const dora = await logIn(opened.url, "dora", password);
  await dora.expect("PUT", "/app/doras", { body: { command: "sleep 600", permission: 11, status: 0 } });
  await admin.expect("DELETE", "/user/dora");
  assert.equal((await dora.request("GET", "/user/self")).status, 401);
  assert.equal((await admin.request("DELETE", "/user/dora")).status, 404);
  await admin.expect("PUT", "/user/dora", { body: { key: password, roles: ["view", "manage"] } });
  const namesake = await logIn(opened.url, "dora", password);
  assert.equal((await dora.request("GET", "/user/self")).status, 401);
  assert.equal((await namesake.request("GET", "/app/doras")).status, 400);
  assert.equal((await namesake.request("DELETE", "/app/doras")).status, 400);
  assert.equal((await admin.expect("GET", "/app/doras")).json<Wire>().owner, undefined);
  await admin.expect("DELETE", "/app/doras");
});

test("a lock acts at once on tokens and passwords; unlocking lets in again, with a new login", async () => {
  await admin.expect("PUT", "/user/eric", { body: { key: password } });
  const eric = await logIn(opened.url, "eric", password);
  await admin.expect("POST", "/user/eric/lock");
  assert.equal((await eric.request("GET", "/user/self")).status, 401);
  const basic = { authorization: `Basic ${Buffer.from(`eric:${password}`).toString("base64")}` };
  assert.equal((await anyone.request("POST", "/login", { headers: basic })).status, 401);
  assert.equal((await users()).eric?.locked, true);
  await admin.expect("POST", "/user/eric/unlock");
  await logIn(opened.url, "eric", password);
  assert.equal((await eric.request("GET", "/user/self")).status, 401);
});

test("changing a user may lock and unlock it, for those who may do that", async () => {
  await admin.expect("PUT", "/user/fred", { body: { key: password } });
  const fred = await logIn(opened.url, "fred", password);
  await opened.yard.identity.roles.set("adder", ["users.write"]);
  await opened.yard.identity.users.create({ username: "adder", password, roles: ["adder"] });
  const adder = await logIn(opened.url, "adder", password);
  assert.match(messageOf(await adder.request("PUT", "/user/fred", { body: { locked: true } })), /user-lock/);
  await fred.expect("GET", "/user/self");
  await admin.expect("PUT", "/user/fred", { body: { locked: true } });
  assert.equal((await fred.request("GET", "/user/self")).status, 401);
  assert.match(messageOf(await adder.request("PUT", "/user/fred", { body: {} })), /user-unlock/);
  await admin.expect("PUT", "/user/fred", { body: {} });
  await logIn(opened.url, "fred", password);
});

test("admin is never locked, and the last administrator is neither deleted nor demoted", async () => {
  for (const path of ["/user/admin/lock", "/user/ADMIN/lock"])
    assert.equal((await admin.request("POST", path)).status, 400);
  assert.equal((await admin.request("PUT", "/user/admin", { body: { locked: true, roles: ["admin"] } })).status, 400);
  assert.equal((await admin.request("PUT", "/user/admin", { body: {} })).status, 412);
  assert.equal((await admin.request("DELETE", "/user/admin")).status, 412);
  assert.deepEqual((await users()).admin?.roles, ["admin"]);
});

test("groups are those of all users, each once", async () => {
  await admin.expect("PUT", "/user/gina", { body: { key: password, group: "office" } });
  const groups = (await bare.expect("GET", "/user/groups")).json<string[]>();
  assert.deepEqual(groups, [...new Set(groups)].sort());
  for (const group of ["admin", "bare", "office"]) assert.ok(groups.includes(group), `${group} in ${groups}`);
  assert.ok(!groups.includes("gina"), "who has joined a group is in that");
});

test("who manages users gives away no more than they have, and does not reach administrators", async () => {
  await opened.yard.identity.users.create({ username: "chief", password, roles: ["admin"] });
  await admin.expect("PUT", "/user/hugo", { body: { key: password, roles: ["shell"], group: "lab" } });
  const refusals = [
    ["PUT", "/user/eve", { key: password, roles: ["admin"] }],
    ["PUT", "/user/eve", { key: password, roles: ["manage"] }],
    ["PUT", "/user/eve", { key: password, roles: ["not-yet"] }],
    ["PUT", "/user/eve", { key: password, group: "lab" }],
    ["PUT", "/user/eve", { key: password, exec_user: "nobody" }],
    ["PUT", "/user/keeper", { roles: ["usermgr", "view", "shell"], group: "office" }],
    ["PUT", "/user/chief", { roles: ["admin"], email: "eve@example.org" }],
    ["POST", "/user/chief/lock", undefined],
    ["POST", "/user/chief/unlock", undefined],
    ["DELETE", "/user/chief", undefined],
    ["POST", "/role/usermgr", ["user-add", "app-reg"]],
    ["POST", "/role/fresh", ["*"]],
    ["POST", "/role/fresh", ["a-name-of-ones-own"]],
  ] as const;
  const before = [await users(), (await admin.expect("GET", "/roles")).text];
  for (const [method, path, body] of refusals) {
    const reply = await keeper.request(method, path, { body });
    assert.equal(reply.status, 400, `${method} ${path} ${JSON.stringify(body)}: ${reply.text}`);
    assert.match(messageOf(reply), /keeper, (you|there is no role|chief is an administrator)/);
  }
  assert.deepEqual([await users(), (await admin.expect("GET", "/roles")).text], before);
  const denied = auditLog(opened.data).filter((entry) => entry.actor === "keeper" && entry.outcome === "denied");
  assert.equal(denied.length, refusals.length);

  await keeper.expect("PUT", "/user/ivy", { body: { key: password, roles: ["view"], group: "office" } });
  await keeper.expect("PUT", "/user/hugo", { body: { roles: ["shell"], group: "lab", email: "hugo@example.org" } });
  await keeper.expect("POST", "/user/hugo/lock");
  await keeper.expect("DELETE", "/user/hugo");
});

const passwordBody = (oldPassword: string, newPassword: string) => ({
  old_password: Buffer.from(oldPassword).toString("base64"),
  new_password: Buffer.from(newPassword).toString("base64"),
});

test("a new password ends the user's other sessions and keeps the one that asked", async () => {
  await admin.expect("PUT", "/user/jane", { body: { key: password, roles: ["view"] } });
  const [here, there] = [await logIn(opened.url, "jane", password), await logIn(opened.url, "jane", password)];
  await here.expect("POST", "/user/self/passwd", { body: passwordBody(password, "nëw pässword") });
  await here.expect("GET", "/user/self");
  assert.equal((await there.request("GET", "/user/self")).status, 401);
  const again = await logIn(opened.url, "jane", "nëw pässword");
  await admin.expect("POST", "/user/jane/passwd", { body: passwordBody("nëw pässword", password) });
  for (const session of [here, again]) assert.equal((await session.request("GET", "/user/self")).status, 401);
  await logIn(opened.url, "jane", password);
});

test("a password is changed with the right current one alone, into one of at least six characters", async () => {
  const change = async (body: unknown, name = "bare") => {
    const reply = await admin.request("POST", `/user/${name}/passwd`, { body });
    return [reply.status, messageOf(reply).split(":")[0]];
  };
  const plain = { old_password: password, new_password: "not base64!" };
  assert.deepEqual(await change(passwordBody("wrong", "long enough")), [400, "old_password"]);
  assert.deepEqual(await change(passwordBody(password, "12345")), [400, "new_password"]);
  assert.deepEqual(await change(plain), [400, "old_password"]);
  assert.equal((await change({ old_password: "eA==" }))[0], 400);
  assert.equal((await change(undefined))[0], 400);
  assert.deepEqual(await change(passwordBody(password, "long enough"), "nobody"), [404, "user_name"]);
  await logIn(opened.url, "bare", password);
});

test("guessing a password by changing it counts as guessing it at the login", async () => {
  await admin.expect("PUT", "/user/kate", { body: { key: password, roles: ["view"] } });
  const kate = await logIn(opened.url, "kate", password);
  for (let tries = 0; tries < 5; tries++) {
    const body = passwordBody(`guess ${tries}`, "long enough");
    assert.equal((await kate.request("POST", "/user/self/passwd", { body })).status, 400);
  }
  const locked = await kate.request("POST", "/user/self/passwd", { body: passwordBody(password, "long enough") });
  assert.equal(locked.status, 412, locked.text);
  assert.ok(Number(locked.headers.get("retry-after")) > 0);
  await admin.expect("POST", "/user/kate/unlock");
  await kate.expect("POST", "/user/self/passwd", { body: passwordBody(password, "long enough") });
});

test("one's own password and others' need their own permissions", async () => {
  const body = passwordBody(password, "long enough");
  assert.match(messageOf(await bare.request("POST", "/user/self/passwd", { body })), /passwd-change-self/);
  assert.match(messageOf(await bare.request("POST", "/user/BARE/passwd", { body })), /passwd-change-self/);
  assert.match(messageOf(await bare.request("POST", "/user/keeper/passwd", { body })), /passwd-change-user/);
  assert.match(messageOf(await bare.request("POST", "/user/nobody/passwd", { body })), /passwd-change-user/);
});

test("every operation refuses whoever has no token, and whoever lacks its permission", async () => {
  for (const [method, path, permission] of [
    ["GET", "/users", "user-list"],
    ["GET", "/user/self", undefined],
    ["GET", "/user/groups", undefined],
    ["PUT", "/user/x", "user-add"],
    ["DELETE", "/user/bare", "user-delete"],
    ["POST", "/user/bare/lock", "user-lock"],
    ["POST", "/user/bare/unlock", "user-unlock"],
    ["POST", "/user/bare/passwd", "passwd-change-self"],
  ] as const) {
    assert.equal((await anyone.request(method, path)).status, 401, `${method} ${path}`);
    const reply = await bare.request(method, path);
    assert.equal(reply.status, permission ? 400 : 200, `${method} ${path}: ${reply.text}`);
    if (permission) assert.match(messageOf(reply), new RegExp(`lacks the permission ${permission}$`));
  }
  for (const [method, path] of [
    ["DELETE", "/user/nobody"],
    ["POST", "/user/nobody/lock"],
    ["POST", "/user/nobody/unlock"],
    ["POST", "/user/self/lock"],
  ] as const)
    assert.equal((await admin.request(method, path)).status, 404, `${method} ${path}`);
});
