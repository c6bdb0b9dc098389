/** Dockmesh's users, roles and API tokens over HTTP: what there is, who may change what, and that nobody gives more than they have. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { type AnyBody, askDockmesh, type Caller, callerOf, useDockmeshYard } from "./support/dockmesh.ts";

interface Shown extends AnyBody {
  readonly username: string;
  readonly role: string;
  readonly scope_tags?: readonly string[];
}

describe("Dockmesh's users, roles and tokens", () => {
  const yard = useDockmeshYard();
  let made = 0;
  const newName = () => `made${made++}`;
  const makeUser = (by: Caller, fields: object = {}) =>
    by.ask<Shown>("POST", "/users", { username: newName(), password: "right password", ...fields });

  /** Somebody who manages users and is no administrator. */
  async function makeManager(hostTags: readonly string[] = []): Promise<Caller> {
    await yard.admin.ask("POST", "/roles", {
      ...{ name: "manager", display: "Manager" },
      permissions: ["read", "user.manage"],
    });
    return yard.makeUser("manager", hostTags);
  }

  test("without a credential everything is 401, and without the permission 403", async () => {
    const viewer = await yard.makeUser("viewer");
    const operations = [
      ...[
        ["GET", "/users"],
        ["POST", "/users"],
        ["PUT", "/users/x"],
        ["DELETE", "/users/x"],
        ["POST", "/users/x/unlock"],
      ],
      ...[
        ["DELETE", "/users/x/mfa"],
        ["PUT", `/users/${yard.admin.userId}/password`],
        ["GET", "/roles"],
      ],
      ...[
        ["GET", "/roles/permissions"],
        ["GET", "/roles/viewer"],
        ["POST", "/roles"],
        ["PUT", "/roles/x"],
      ],
      ...[
        ["DELETE", "/roles/x"],
        ["GET", "/auth/policy"],
        ["PUT", "/auth/policy"],
      ],
    ] as [string, string][];
    const own = ["/me", "/sessions", "/settings/api-tokens"].map((path) => ["GET", path] as const);
    for (const [method, path] of [...operations, ...own]) {
      const body = method === "GET" || method === "DELETE" ? undefined : { password: "another password" };
      assert.equal((await yard.ask(method, path, body)).status, 401, `${method} ${path}`);
      const asked = await viewer.ask(method, path, bodyFor(path, body));
      assert.equal(asked.status, own.some((one) => one[1] === path) ? 200 : 403, `${method} ${path} ${asked.text}`);
    }
  });

  test("users are made, shown by name, changed and deleted", async () => {
    const created = await makeUser(yard.admin, { email: "ada@example.org" });
    assert.equal(created.status, 201, created.text);
    const { id, username } = created.json;
    assert.deepEqual(created.json, { id, username, email: "ada@example.org", role: "viewer", mfa_enabled: false });
    const names = (await yard.admin.expect<Shown[]>(200, "GET", "/users")).map((user) => user.username);
    assert.deepEqual(names, [...names].sort());
    const change = (fields: object) => yard.admin.expect<Shown>(200, "PUT", `/users/${id}`, fields);
    assert.equal((await change({ role: "operator", email: "" })).role, "operator");
    assert.deepEqual((await change({ scope_tags: ["Prod", "eu", "prod"] })).scope_tags, ["eu", "prod"]);
    const same = await change({ role: "" });
    assert.deepEqual([same.role, same.scope_tags, "email" in same], ["operator", ["eu", "prod"], false]);
    assert.equal("scope_tags" in (await change({ scope_tags: [] })), false);
    assert.equal((await yard.admin.ask("DELETE", `/users/${id}`)).status, 204);
    assert.equal((await yard.admin.ask("DELETE", `/users/${id}`)).status, 404);
    assert.equal((await yard.admin.ask("PUT", `/users/${id}`, {})).status, 404);
  });

  test("what is wrong is refused with the field at fault, and changes nothing", async () => {
    const { json: taken } = await makeUser(yard.admin, { email: "taken@example.org" });
    const { json: other } = await makeUser(yard.admin);
    for (const { fields, status } of [
      { fields: { username: taken.username.toUpperCase() }, status: 409 },
      { fields: { email: "TAKEN@example.org" }, status: 409 },
      { fields: { role: "nobody-made-it" }, status: 400 },
      { fields: { username: "../x" }, status: 400 },
      { fields: { username: "" }, status: 400 },
      { fields: { password: "short" }, status: 400 },
      { fields: { email: "no address" }, status: 400 },
      { fields: { scope_tags: ["Not A Tag"] }, status: 400 },
    ]) {
      const reply = await makeUser(yard.admin, fields);
      assert.equal(reply.status, status, `${JSON.stringify(fields)} ${reply.text}`);
      assert.match(reply.json.error, new RegExp(Object.keys(fields)[0] ?? ""));
    }
    const before = await yard.admin.expect(200, "GET", "/users");
    for (const { fields, status } of [
      { fields: { email: "taken@example.org" }, status: 409 },
      { fields: { role: "nobody-made-it" }, status: 400 },
      { fields: { role: "viewer", scope_tags: Array.from({ length: 21 }, (_, tag) => `t${tag}`) }, status: 400 },
    ])
      assert.equal((await yard.admin.ask("PUT", `/users/${other.id}`, fields)).status, status);
    assert.deepEqual(await yard.admin.expect(200, "GET", "/users"), before);
  });

  test("nobody deletes themselves, and the last administrator stays one", async () => {
    const { userId } = yard.admin;
    assert.equal((await yard.admin.ask("DELETE", `/users/${userId}`)).status, 400);
    assert.equal((await yard.admin.ask("PUT", `/users/${userId}`, { role: "viewer" })).status, 409);
    const second = await yard.makeUser("admin");
    assert.equal(
      (await second.expect<Shown>(200, "PUT", `/users/${second.userId}`, { role: "viewer" })).role,
      "viewer",
    );
    assert.equal((await second.ask("GET", "/users")).status, 403, "at once");
  });

  test("whoever manages users gives no more than they have, and does not touch administrators", async () => {
    const manager = await makeManager();
    assert.equal((await makeUser(manager)).status, 201);
    for (const role of ["admin", "operator"]) assert.equal((await makeUser(manager, { role })).status, 403, role);
    assert.equal((await manager.ask("PUT", `/users/${manager.userId}`, { role: "admin" })).status, 403);
    const operator = await yard.makeUser("operator");
    const path = `/users/${operator.userId}/password`;
    assert.equal((await manager.ask("PUT", path, { password: "another password" })).status, 403, "holds more");
    const viewer = await yard.makeUser("viewer");
    const set = await manager.ask("PUT", `/users/${viewer.userId}/password`, { password: "another password" });
    assert.equal(set.status, 204, set.text);
    assert.equal((await viewer.ask("GET", "/me")).status, 401, "its sessions have ended");
    for (const [method, rest, body] of [
      ["PUT", "", { email: "x@example.org" }],
      ["DELETE", "", undefined],
      ["PUT", "/password", { password: "another password" }],
      ["DELETE", "/mfa", undefined],
      ["POST", "/unlock", undefined],
    ] as const)
      assert.equal((await manager.ask(method, `/users/${yard.admin.userId}${rest}`, body)).status, 403, method + rest);
    const wide = { name: "wide", display: "Wide", permissions: ["container.exec"] };
    assert.equal((await manager.ask("POST", "/roles", wide)).status, 403);
    assert.equal((await manager.ask("PUT", "/roles/manager", { ...wide, name: "manager" })).status, 403);
  });

  test("a scope holds administrators too, and nobody gets out of it", async () => {
    const held = await yard.makeUser("admin", ["eu"]);
    for (const scope of [[], ["us"], ["eu", "us"]])
      assert.equal((await held.ask("PUT", `/users/${held.userId}`, { scope_tags: scope })).status, 403, scope.join());
    const own = await makeUser(held);
    assert.deepEqual([own.status, own.json.scope_tags], [201, ["eu"]], "inherited");
    assert.equal((await makeUser(held, { scope_tags: [] })).status, 403);
    const wider = `/users/${yard.admin.userId}`;
    assert.equal((await held.ask("PUT", `${wider}/password`, { password: "another password" })).status, 403);
    assert.equal((await held.ask("DELETE", wider)).status, 403);
    assert.equal((await held.ask("DELETE", `/users/${own.json.id}`)).status, 204);
  });

  describe("roles", () => {
    interface Role extends AnyBody {
      readonly name: string;
      readonly display: string;
      readonly builtin: boolean;
      readonly permissions: string[];
    }

    test("the built-in ones come first, with what clients know of them, and stay as they are", async () => {
      const roles = await yard.admin.expect<Role[]>(200, "GET", "/roles");
      const permissions = await yard.admin.expect<{ name: string }[]>(200, "GET", "/roles/permissions");
      assert.equal(permissions.length, 13);
      const [admin, operator, viewer, ...others] = roles;
      assert.deepEqual(
        [admin, operator, viewer].map((role) => role?.name),
        ["admin", "operator", "viewer"],
      );
      assert.deepEqual(
        admin?.permissions,
        permissions.map(({ name }) => name),
      );
      const operators = ["read", "container.control", "container.exec", "stack.deploy", "image.scan", "audit.read"];
      assert.deepEqual(operator?.permissions, operators);
      assert.deepEqual(viewer?.permissions, ["read"]);
      assert.ok(others.every(({ builtin }) => !builtin));
      const body = { name: "viewer", display: "V", permissions: [] };
      assert.equal((await yard.admin.ask("PUT", "/roles/viewer", body)).status, 409);
      assert.equal((await yard.admin.ask("DELETE", "/roles/admin")).status, 409);
      assert.equal((await yard.admin.ask("POST", "/roles", body)).status, 409);
    });

    test("others are made, changed and deleted, and act at once", async () => {
      const role = { name: "a b", display: "Deployers", permissions: ["read"] };
      const path = `/roles/${encodeURIComponent(role.name)}`;
      assert.deepEqual(await yard.admin.expect<object>(201, "POST", "/roles", role), { ...role, builtin: false });
      const holder = await yard.makeUser("a b");
      assert.equal((await holder.ask("GET", "/auth/policy")).status, 403);
      const changed = { ...role, display: "Managers", permissions: ["read", "user.manage"] };
      assert.deepEqual(await yard.admin.expect<object>(200, "PUT", path, changed), { ...changed, builtin: false });
      assert.deepEqual(await yard.admin.expect<object>(200, "GET", path), { ...changed, builtin: false });
      assert.equal((await holder.ask("GET", "/auth/policy")).status, 200);
      await yard.admin.expect(204, "DELETE", path);
      assert.equal((await holder.ask("GET", "/auth/policy")).status, 403);
      for (const method of ["GET", "PUT", "DELETE"])
        assert.equal((await yard.admin.ask(method, path, method === "PUT" ? changed : undefined)).status, 404);
      for (const wrong of [
        {},
        { name: "x", permissions: [] },
        { ...role, permissions: ["read", "fly"] },
        { ...role, name: "a/b" },
      ])
        assert.equal((await yard.admin.ask("POST", "/roles", wrong)).status, 400, JSON.stringify(wrong));
    });

    test("what this API has no name for stays in a role that is changed here", async () => {
      const { roles } = yard.opened.yard.identity;
      await roles.set("mixed", ["apps.view", "containers.view", "hosts.view"]);
      const body = { name: "mixed", display: "Mixed", permissions: ["image.scan"] };
      assert.deepEqual((await yard.admin.expect<Role>(200, "PUT", "/roles/mixed", body)).permissions, ["image.scan"]);
      assert.deepEqual((await roles.all()).get("mixed"), ["apps.view", "images.scan"]);
    });
  });

  describe("API tokens", () => {
    interface Token extends Shown {
      readonly token: string;
      readonly number: never;
    }
    interface Row {
      readonly id: number;
      readonly [name: string]: unknown;
    }
    const path = "/settings/api-tokens";
    const makeToken = (by: Caller, fields: object = {}) => by.ask<Token & Row>("POST", path, { name: "ci", ...fields });
    const me = (token: string) => askDockmesh(yard.url, "GET", "/me", { token });

    test("one is shown once, does what its owner may, and is remembered with its last use", async () => {
      const operator = await yard.makeUser("operator", ["eu"]);
      const { status, json: made } = await makeToken(operator, { expires_in_days: 30 });
      assert.equal(status, 201);
      assert.match(made.token, /^dmt_[A-Za-z0-9_-]{40}$/);
      assert.equal(made.prefix, made.token.slice(0, 12));
      assert.deepEqual([made.role, made.scope_tags, typeof made.id], ["operator", ["eu"], "number"]);
      const days = (Date.parse(String(made.expires_at)) - Date.parse(String(made.created_at))) / 86_400_000;
      assert.ok(Math.abs(days - 30) < 0.01);
      const { json: own } = await me(made.token);
      assert.deepEqual(own, {
        ...{ kind: "api_token", username: "api-token", owner: operator.username, role: "operator" },
        ...{ api_token_id: made.id, scope_tags: ["eu"], mfa_enabled: false },
      });
      const row = await until(
        async () =>
          (await operator.expect<Row[]>(200, "GET", path)).find(({ id, last_used_at: at }) => id === made.id && at),
        { what: "the use is noted" },
      );
      assert.equal(row.last_used_ip, "127.0.0.1");
      assert.equal("token" in row, false);
      assert.equal((await askDockmesh(yard.url, "GET", "/sessions", { token: made.token })).status, 401);
      for (const [method, what] of [
        ["POST", path],
        ["POST", "/mfa/enroll/start"],
        ["DELETE", "/mfa"],
      ] as const)
        assert.equal(
          (await askDockmesh(yard.url, method, what, { token: made.token, body: { name: "x" } })).status,
          403,
        );
    });

    test("its role narrows, another than one's own needs the right to manage users, and nobody gets more than the owner has", async () => {
      const { json: narrow } = await makeToken(yard.admin, { role: "viewer" });
      assert.equal((await me(narrow.token)).json.role, "viewer");
      assert.equal((await askDockmesh(yard.url, "GET", "/users", { token: narrow.token })).status, 403);
      const viewer = await yard.makeUser("viewer");
      assert.equal((await makeToken(viewer, { role: "operator" })).status, 403);
      const { json: own } = await makeToken(viewer, { role: "viewer", expires_in_days: 0 });
      assert.equal(own.expires_at, null);
      const manager = await makeManager();
      assert.equal((await makeToken(manager, { role: "admin" })).status, 403);
      assert.equal((await makeToken(manager, { role: "viewer" })).status, 201);

      const second = await yard.makeUser("admin");
      const { json: wide } = await makeToken(second, { role: "admin" });
      assert.equal((await askDockmesh(yard.url, "GET", "/users", { token: wide.token })).status, 200);
      await yard.admin.expect(200, "PUT", `/users/${second.userId}`, { role: "viewer" });
      assert.equal((await askDockmesh(yard.url, "GET", "/users", { token: wide.token })).status, 403, "at once");
    });

    test("it ends with its revocation and its owner; others' are out of sight but for who manages users", async () => {
      const [one, other] = [await yard.makeUser("viewer"), await yard.makeUser("viewer")];
      const { json: made } = await makeToken(one);
      const path_ = `${path}/${made.id}`;
      assert.equal((await other.ask("DELETE", path_)).status, 404);
      assert.ok(!(await other.expect<Row[]>(200, "GET", path)).some(({ id }) => id === made.id));
      assert.ok((await yard.admin.expect<Row[]>(200, "GET", path)).some(({ id }) => id === made.id));
      assert.equal((await me(made.token)).status, 200);
      await one.expect(204, "DELETE", path_);
      assert.equal((await me(made.token)).status, 401);
      const rows = await one.expect<Row[]>(200, "GET", path);
      assert.ok(rows.find(({ id }) => id === made.id)?.revoked_at);
      assert.equal((await one.ask("DELETE", `${path}/999999`)).status, 404);
      assert.equal((await one.ask("DELETE", `${path}/x`)).status, 400);

      const { json: admins } = await makeToken(yard.admin);
      assert.equal((await (await makeManager()).ask("DELETE", `${path}/${admins.id}`)).status, 403);
      assert.equal((await me(admins.token)).status, 200);

      const { json: orphan } = await makeToken(other);
      await yard.admin.expect(204, "DELETE", `/users/${other.userId}`);
      assert.equal((await me(orphan.token)).status, 401);
      for (const wrong of [{ name: "" }, { name: " " }, { role: "nobody-made-it" }, { expires_in_days: -1 }])
        assert.equal((await makeToken(one, wrong)).status, 400, JSON.stringify(wrong));
    });

    test("newest first, with numbers that only grow", async () => {
      const viewer = await yard.makeUser("viewer");
      for (let count = 0; count < 3; count++) await makeToken(viewer);
      const ids = (await viewer.expect<Row[]>(200, "GET", path)).map(({ id }) => id);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => b - a),
      );
      assert.equal(new Set(ids).size, 3);
    });
  });

  test("a session made through another API is good here, and the other way round", async () => {
    const { username } = await yard.makeUser("viewer");
    const { token } = await callerOf(yard.opened, username);
    const reply = await fetch(`${yard.url}/appmesh/user/self`, { headers: { authorization: `Bearer ${token}` } });
    assert.notEqual(reply.status, 401);
  });

  test("a ticket is good once, for whoever asked, a user or a token", async () => {
    const viewer = await yard.makeUser("viewer");
    const { ticket } = await viewer.expect<{ ticket: string }>(200, "POST", "/ws/ticket");
    const { tickets } = yard.opened.yard.identity;
    assert.equal((await tickets.redeem(ticket)).username, viewer.username);
    await assert.rejects(tickets.redeem(ticket), { code: "unauthenticated" });
    assert.equal((await yard.ask("POST", "/ws/ticket")).status, 401);
  });

  test("what happened is in the audit log, and no secret with it", () => {
    const entries = auditLog(yard.opened.data);
    const actions = new Set(entries.map(({ action }) => action));
    for (const action of ["user.create", "user.update", "user.delete", "user.password", "permission.denied"])
      assert.ok(actions.has(action), action);
    for (const action of ["role.create", "role.update", "role.delete", "api_token.create", "api_token.revoke"])
      assert.ok(actions.has(action), action);
    assert.doesNotMatch(JSON.stringify(entries), /dmt_|right password|another password/);
  });
});

/** A body that is in order, for the operations that look at it before they look for a permission. */
function bodyFor(path: string, body: object | undefined): object | undefined {
  if (path === "/roles") return body && { name: "x", display: "X", permissions: [] };
  if (path === "/users") return body && { username: "x", ...body };
  return body;
}
