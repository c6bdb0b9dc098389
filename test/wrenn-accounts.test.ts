/** Accounts as Wrenn's clients know them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askWrenn, signUp } from "../src/apis/wrenn/testing.ts";
import { auditLog } from "./support/audit-log.ts";
import { claimsOf, password, type TeamBody, useWrennAccounts } from "./support/wrenn-accounts.ts";
import { openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

const yard = useWrennAccounts();
const { ask, outcome, login } = yard;

describe("signing up", () => {
  test("makes an account with a team, and a token that dashboards can read", async () => {
    const body = { email: "  Cyd@Example.TEST ", password, name: "  Cyd Li " };
    const { status, json, headers } = await ask("POST", "/v1/auth/signup", { body });
    assert.equal(status, 201);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.deepEqual([json.email, json.name, typeof json.message], ["cyd@example.test", "Cyd Li", "string"]);
    assert.match(json.user_id, /^usr-[0-9a-z]{25}$/);
    const { team_id, role, email, name, is_admin, typ, iat, exp } = claimsOf(json.token);
    assert.deepEqual(
      { team_id, role, email, name, is_admin, typ },
      { team_id: json.team_id, role: "owner", email: json.email, name: "Cyd Li", is_admin: undefined, typ: undefined },
    );
    assert.ok(Math.abs(exp - iat - 6 * 3_600) <= 1);
    const { json: teams } = await ask<TeamBody[]>("GET", "/v1/teams", { token: json.token });
    assert.deepEqual(
      teams.map(({ id, name, role, is_byoc }) => ({ id, name, role, is_byoc })),
      [{ id: json.team_id, name: "Cyd Li's Team", role: "owner", is_byoc: false }],
    );
    assert.match(teams[0]!.slug, /^[0-9a-f]{6}-[0-9a-f]{6}$/);
    const logged = auditLog(yard.opened.data).filter(({ actor }) => actor === "cyd");
    assert.deepEqual(
      logged.map(({ action, outcome }) => [action, outcome]),
      [
        ["user.create", "done"],
        ["session.start", "done"],
      ],
    );
  });

  const fine = { email: "new@example.test", password, name: "New" };
  for (const [what, body] of [
    ["no JSON", "{"],
    ["nothing", undefined],
    ["a list", []],
    ["no e-mail address", { ...fine, email: undefined }],
    ["an address without @", { ...fine, email: "new" }],
    ["an address with a space", { ...fine, email: "a b@example.test" }],
    ["an address with a NUL", { ...fine, email: "a\0@example.test" }],
    ["a number for an address", { ...fine, email: 7 }],
    ["a short password", { ...fine, password: "1234567" }],
    ["a password of a megabyte's half", { ...fine, password: "x".repeat(500_000) }],
    ["no name", { ...fine, name: "  " }],
    ["a name of more than 100 bytes", { ...fine, name: "é".repeat(51) }],
    ["a name with a NUL", { ...fine, name: "a\0b" }],
  ] as const)
    test(`with ${what} makes nothing`, async () => {
      assert.deepEqual(await outcome("POST", "/v1/auth/signup", { body }), [400, "invalid_request"]);
      assert.equal((await login("new@example.test")).status, 401);
    });

  test("takes an address once, in whatever case, and a name that is taken elsewhere as another one", async () => {
    const again = { email: "ADA@example.test", password, name: "Ada" };
    assert.deepEqual(await outcome("POST", "/v1/auth/signup", { body: again }), [409, "email_taken"]);
    const same = await ask("POST", "/v1/auth/signup", { body: { ...again, email: "ada@another.test" } });
    assert.equal(same.status, 201);
    const { users } = yard.opened.yard.identity;
    const usernames = (await users.list()).map(({ username }) => username);
    assert.ok(usernames.includes("ada"));
    assert.ok(usernames.some((name) => /^ada-\w{6}$/.test(name)));
  });

  test("gives capsules and teams, and nothing on the yard's own machine", async () => {
    const headers = { authorization: `Bearer ${yard.ada.token}` };
    for (const [method, path] of [
      ["POST", "/appmesh/app/run"],
      ["GET", "/appmesh/applications"],
      ["GET", "/appmesh/users"],
      ["GET", "/appmesh/resources"],
      ["POST", "/api/exec"],
    ] as const) {
      const reply = await fetch(yard.opened.url + path, {
        method,
        headers,
        body: method === "POST" ? "{}" : undefined,
      });
      assert.match(await reply.text(), /permission/, `${method} ${path}: ${reply.status}`);
      assert.ok(reply.status === 400 || reply.status === 403); // App Mesh's clients know 400
    }
    assert.equal((await ask("GET", "/v1/capsules", { token: yard.ada.token })).status, 200);
  });

  test("is for programs on this machine, unless the yard is told otherwise", async () => {
    const body = { email: "far@example.test", password, name: "Far" };
    const headers = { "x-forwarded-for": "203.0.113.9" };
    assert.deepEqual(await outcome("POST", "/v1/auth/signup", { headers, body }), [403, "forbidden"]);
    await using closed = await openTestYard({ "wrenn-signup": "closed" });
    assert.equal((await askWrenn(closed.url, "POST", "/v1/auth/signup", { body })).status, 403);
    await using open = await openTestYard({ "wrenn-signup": "open" });
    assert.equal((await askWrenn(open.url, "POST", "/v1/auth/signup", { headers, body })).status, 201);
  });
});

describe("logging in", () => {
  test("takes the address, or the name that other APIs know, and gives a token that those take too", async () => {
    for (const name of ["ada@example.test", " ADA@example.test ", "ada"]) {
      const { status, json } = await login(name);
      assert.equal(status, 200);
      assert.deepEqual([json.user_id, json.team_id, json.name], [yard.ada.userId, yard.ada.teamId, "ada"]);
    }
    const auth = await fetch(`${yard.opened.url}/auth`, { headers: { authorization: `Bearer ${yard.ada.token}` } });
    assert.equal(await auth.text(), "ada");
  });

  test("of an administrator of the yard says so, without an address to show", async () => {
    const { json } = await login("admin", adminPassword);
    const { is_admin, name, role, email } = claimsOf(json.token);
    assert.deepEqual([is_admin, name, role, email], [true, "admin", "owner", undefined]);
    assert.ok(!("email" in json));
  });

  test("fails alike for a wrong password, nobody, and who has no password", async () => {
    await yard.opened.yard.identity.users.create({ username: "nopass", email: "nopass@example.test" });
    const replies = [await login("ada@example.test", "wrong"), await login("nobody@x.test"), await login("nopass")];
    for (const { status, json } of replies)
      assert.deepEqual([status, json.error], [401, { code: "unauthorized", message: replies[0]!.json.error.message }]);
    assert.equal((await login("ada@example.test")).status, 200);
  });

  for (const body of [{}, { email: "ada@example.test" }, { email: "", password }, { email: "ada", password: "" }])
    test(`with ${JSON.stringify(body)} is refused as it stands`, async () => {
      assert.deepEqual(await outcome("POST", "/v1/auth/login", { body }), [400, "invalid_request"]);
    });

  test("after five wrong passwords fails with the right one too, and says when to come back", async () => {
    await signUp(yard.opened.url, "flooded");
    for (let i = 0; i < 5; i++) assert.equal((await login("flooded@example.test", "wrong")).status, 401);
    const { status, json, headers } = await login("flooded@example.test");
    assert.deepEqual([status, json.error.code], [401, "unauthorized"]);
    assert.match(headers.get("retry-after") ?? "", /^\d+$/);
  });

  test("a locked account is told so by the right password alone, and its tokens are of no use", async () => {
    const gone = await signUp(yard.opened.url, "gone");
    await yard.opened.yard.identity.users.lock("gone");
    assert.deepEqual((await login("gone@example.test")).json.error.code, "account_disabled");
    assert.deepEqual((await login("gone@example.test", "wrong")).json.error.code, "unauthorized");
    assert.deepEqual(await outcome("GET", "/v1/teams", { token: gone.token }), [403, "account_deactivated"]);
    await yard.opened.yard.identity.users.delete("gone");
    assert.deepEqual(await outcome("GET", "/v1/teams", { token: gone.token }), [401, "unauthorized"]);
  });
});

describe("credentials", () => {
  for (const [what, headers] of [
    ["nothing", {}],
    ["Basic credentials", { authorization: "Basic YTpi" }],
    ["a token that is none", { authorization: "Bearer x.y.z" }],
    ["a key in place of a token", { "x-api-key": "wrn_00000000000000000000000000000000" }],
  ] as const)
    test(`${what} is 401`, async () => {
      for (const path of ["/v1/teams", "/v1/api-keys", "/v1/users/search?email=a@b"])
        assert.deepEqual(await outcome("GET", path, { headers }), [401, "unauthorized"]);
    });

  test("a team's key opens no user's routes, no other API, and is no token", async () => {
    assert.equal((await ask("GET", "/v1/teams", { key: yard.ada.key })).status, 401);
    assert.equal((await ask("GET", "/v1/teams", { token: yard.ada.key })).status, 401);
    for (const path of ["/auth", "/users/groups", "/appmesh/user/self"])
      assert.equal(
        (await fetch(yard.opened.url + path, { headers: { authorization: `Bearer ${yard.ada.key}` } })).status,
        401,
      );
  });

  test("a key decides alone where it is sent, whatever token is beside it", async () => {
    assert.equal((await ask("GET", "/v1/capsules", { key: yard.ada.key })).status, 200);
    assert.equal((await ask("GET", "/v1/capsules", { token: yard.ada.token })).status, 200);
    const both = { key: "wrn_ffffffffffffffffffffffffffffffff", token: yard.ada.token };
    assert.deepEqual(await outcome("GET", "/v1/capsules", both), [401, "unauthorized"]);
    assert.deepEqual(await outcome("GET", "/v1/capsules", { key: yard.ada.token }), [401, "unauthorized"]);
  });

  test("a user's own key of the yard works too, and what it was narrowed to it stays", async () => {
    const { apiKeys, users } = yard.opened.yard.identity;
    const { id: userId } = await users.get("ada");
    const { key: whole } = await apiKeys.create({ userId, name: "whole" });
    assert.equal((await ask("GET", "/v1/capsules", { key: whole })).status, 200);
    assert.equal((await ask("GET", "/v1/teams", { token: whole })).status, 200);
    const { key } = await apiKeys.create({ userId, name: "narrow", permissions: ["keys.write", "keys.view"] });
    assert.deepEqual(await outcome("GET", "/v1/capsules", { key }), [403, "forbidden"]);
    const made = await ask<{ key: string }>("POST", "/v1/api-keys", { token: key, body: {} });
    assert.equal(made.status, 201);
    assert.deepEqual(await outcome("GET", "/v1/capsules", { key: made.json.key }), [403, "forbidden"]);
    for (const token of [whole, key]) {
      const body = { team_id: yard.ada.teamId };
      assert.deepEqual(await outcome("POST", "/v1/auth/switch-team", { token, body }), [403, "forbidden"]);
    }
  });

  test("on a listener of its own the API is known below /api too, and nothing else answers", async () => {
    const url = yard.opened.yard.urls.at(-1)!;
    for (const path of ["/v1/teams", "/api/v1/teams"])
      assert.equal((await askWrenn(url, "GET", path, { token: yard.ada.token })).status, 200);
    for (const path of ["/health", "/api/health"])
      assert.equal((await askWrenn<{ status: string }>(url, "GET", path)).json.status, "ok");
    assert.equal((await askWrenn(url, "GET", "/auth", { token: yard.ada.token })).status, 404);
    assert.equal((await ask("GET", "/api/v1/teams", { token: yard.ada.token })).status, 404);
  });

  test("unknown paths are plain text, and so are unknown methods of known ones", async () => {
    const unknown = await ask("GET", "/v1/nothing");
    assert.deepEqual([unknown.status, unknown.headers.get("content-type")], [404, "text/plain; charset=utf-8"]);
    const method = await ask("PUT", "/v1/teams");
    assert.deepEqual([method.status, method.headers.get("allow"), method.json], [405, "GET, HEAD, POST", undefined]);
  });
});

describe("the own account", () => {
  test("is shown, and renamed with a token that has the new name", async () => {
    const { token, email } = await signUp(yard.opened.url, "fay");
    const shown = { name: "fay", email, has_password: true, providers: [] };
    assert.deepEqual((await ask("GET", "/v1/me", { token })).json, shown);
    const { json } = await ask("PATCH", "/v1/me", { token, body: { name: " Fay M. " } });
    assert.deepEqual([json.name, claimsOf(json.token).name], ["Fay M.", "Fay M."]);
    assert.deepEqual(await outcome("PATCH", "/v1/me", { token, body: { name: " " } }), [400, "invalid_request"]);
  });

  test("gets another password for the old one, which ends its other sessions", async () => {
    const { token, email } = await signUp(yard.opened.url, "gil");
    const other = (await login(email)).json.token;
    const change = (current_password: unknown, new_password: unknown) =>
      outcome("POST", "/v1/me/password", { token, body: { current_password, new_password } });
    assert.deepEqual(await change("wrong", "another password"), [401, "unauthorized"]);
    assert.deepEqual(await change(undefined, "another password"), [401, "unauthorized"]);
    assert.deepEqual(await change(password, "short"), [400, "invalid_request"]);
    assert.deepEqual(await change(password, "another password"), [204]);
    assert.equal((await login(email, "another password")).status, 200);
    assert.equal((await ask("GET", "/v1/me", { token })).status, 200);
    assert.equal((await ask("GET", "/v1/me", { token: other })).status, 401);
  });

  test("is out of reach of keys", async () => {
    const { apiKeys, users } = yard.opened.yard.identity;
    const { key } = await apiKeys.create({ userId: (await users.get("ben")).id, name: "whole" });
    const body = { name: "x", current_password: password, new_password: "another password" };
    assert.deepEqual(await outcome("PATCH", "/v1/me", { token: key, body }), [403, "forbidden"]);
    assert.deepEqual(await outcome("POST", "/v1/me/password", { token: key, body }), [403, "forbidden"]);
  });
});

describe("finding users", () => {
  const find = (email: string, token = yard.ben.token) =>
    ask<{ user_id: string; email: string }[]>("GET", `/v1/users/search?email=${encodeURIComponent(email)}`, { token });

  test("takes the beginning of an address with its @, as it is written", async () => {
    assert.deepEqual((await find(" ada@ex ")).json, [{ user_id: yard.ada.userId, email: yard.ada.email }]);
    assert.deepEqual((await find("a_a@")).json, []);
    assert.deepEqual((await find("%@%")).json, []);
  });

  for (const email of ["", "ada", "a@", "\0a@b"])
    test(`with ${JSON.stringify(email)} is refused`, async () => {
      const { status, text } = await find(email);
      assert.deepEqual([status, JSON.parse(text).error.code], [400, "invalid_request"]);
    });
});
