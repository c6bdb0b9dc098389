import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { type AppMesh, appMesh, logIn } from "../../../../test/support/appmesh.ts";
import { type OpenedYard, openTestYard } from "../../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../../test/support/yard-process.ts";

const password = "correct horse";
let opened: OpenedYard;
let admin: AppMesh;
let ada: AppMesh;
let bare: AppMesh;

before(async () => {
  opened = await openTestYard();
  await opened.yard.identity.users.create({ username: "ada", password, roles: ["ops"] });
  await opened.yard.identity.users.create({ username: "bare", password });
  admin = await logIn(opened.url, "admin", adminPassword);
  ada = await logIn(opened.url, "ada", password);
  bare = await logIn(opened.url, "bare", password);
});
after(() => opened[Symbol.asyncDispose]());

const roles = async () => (await admin.expect("GET", "/roles")).json<Record<string, string[]>>();
const own = async (client: AppMesh) => (await client.expect("GET", "/user/permissions")).json<string[]>();

test("roles are shown with their permissions in App Mesh's words, sorted", async () => {
  const shown = await roles();
  assert.deepEqual(shown.shell, [
    ...["app-run-async", "app-run-sync", "app-run-task", "blobs.write", "capsules.run", "channels.write"],
    ...["hosts.write", "keys.write", "scripts.run", "snapshots.write", "tasks.control", "tasks.submit"],
    ...["teams.create", "teams.write", "templates.write", "workers.control", "workers.register"],
  ]);
  assert.deepEqual(shown.admin, ["*"]);
});

test("a role that is made, changed or deleted acts at once on tokens that exist", async () => {
  assert.deepEqual(await own(ada), []);
  assert.equal((await ada.request("GET", "/roles")).status, 400);
  await admin.expect("POST", "/role/ops", { body: ["role-view", "my-own", "role-view"] });
  assert.deepEqual(await own(ada), ["my-own", "role-view"]);
  assert.deepEqual((await ada.expect("GET", "/roles")).json<Record<string, string[]>>().ops, ["my-own", "role-view"]);
  await ada.expect("POST", "/auth", { headers: { "x-permission": "my-own" } });
  await admin.expect("POST", "/role/ops", { body: ["user-list"] });
  assert.equal((await ada.request("GET", "/roles")).status, 400);
  await ada.expect("GET", "/users");
  await admin.expect("DELETE", "/role/ops");
  assert.deepEqual(await own(ada), []);
});

test("an empty list deletes a role; deleting one that is not there is no fault", async () => {
  await admin.expect("POST", "/role/brief", { body: ["app-view"] });
  await admin.expect("POST", "/role/brief", { body: [] });
  assert.equal("brief" in (await roles()), false);
  await admin.expect("POST", "/role/brief", { body: [] });
  await admin.expect("DELETE", "/role/brief");
});

test("a role rewritten with its own list is as it was", async () => {
  const before = await roles();
  await admin.expect("POST", "/role/manage", { body: before.manage });
  assert.deepEqual(await roles(), before);
});

test("the permissions of all are listed, each once, and those of `*` among them", async () => {
  await admin.expect("POST", "/role/ops", { body: ["my-own"] });
  const listed = (await admin.expect("GET", "/permissions")).json<string[]>();
  assert.deepEqual(listed, [...new Set(listed)].sort());
  for (const name of ["app-view", "user-totp-disable", "my-own"]) assert.ok(listed.includes(name), name);
  assert.ok(!listed.includes("*"));
  assert.deepEqual((await own(admin)).includes("app-reg"), true);
});

test("the role admin stays as it is", async () => {
  assert.equal((await admin.request("POST", "/role/admin", { body: ["app-view"] })).status, 412);
  assert.equal((await admin.request("POST", "/role/admin", { body: [] })).status, 412);
  assert.equal((await admin.request("DELETE", "/role/admin")).status, 412);
  assert.deepEqual((await roles()).admin, ["*"]);
});

for (const [what, path, body] of [
  ["no body", "/role/bad", undefined],
  ["an object", "/role/bad", {}],
  ["a number in the list", "/role/bad", [1]],
  ["malformed JSON", "/role/bad", "[1,"],
  ["a permission with a line break", "/role/bad", ["a\nb"]],
  ["an empty permission", "/role/bad", [""]],
  ["too many permissions", "/role/bad", Array.from({ length: 600 }, (_, index) => `p${index}`)],
  ["a slash in the name", "/role/..%2fbad", ["app-view"]],
  ["a NUL in the name", "/role/a%00b", ["app-view"]],
  ["a name of 300 characters", `/role/${"x".repeat(300)}`, ["app-view"]],
] as const) {
  test(`a role with ${what} is refused with 400, and changes nothing`, async () => {
    const before = await roles();
    const reply = await admin.request("POST", path, { body });
    assert.equal(reply.status, 400, reply.text);
    assert.deepEqual(await roles(), before);
  });
}

test("every operation refuses whoever has no token, and whoever lacks its permission", async () => {
  const anyone = appMesh(() => opened.url, undefined);
  for (const [method, path, permission] of [
    ["GET", "/roles", "role-view"],
    ["POST", "/role/ops", "role-set"],
    ["DELETE", "/role/ops", "role-delete"],
    ["GET", "/permissions", "permission-list"],
    ["GET", "/user/permissions", undefined],
  ] as const) {
    assert.equal((await anyone.request(method, path)).status, 401, `${method} ${path}`);
    const reply = await bare.request(method, path);
    assert.equal(reply.status, permission ? 400 : 200, `${method} ${path}: ${reply.text}`);
    if (permission) assert.match(reply.text, new RegExp(`lacks the permission ${permission}"`));
  }
});
