import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { auditLog } from "../../../test/support/audit-log.ts";
import { type OpenedYard, openTestYard } from "../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../test/support/yard-process.ts";
import { askMitosis, type MitosisRequest } from "./testing.ts";

const md5 = (text: string) => [...createHash("md5").update(text).digest()];
const password = "right password";
const readings = ["client", "document"] as const;

let opened: OpenedYard;
let admin: string;
before(async () => {
  opened = await openTestYard();
  admin = await login("admin", adminPassword);
});
after(() => opened[Symbol.asyncDispose]());

const ask = (method: string, path: string, request?: MitosisRequest) => askMitosis(opened.url, method, path, request);

async function login(username: string, secret = password, options: MitosisRequest & { retain?: boolean } = {}) {
  const body = { username, md5_password: md5(secret), retain: options.retain ?? true };
  const { status, json, text } = await ask("POST", "/login", { ...options, body });
  assert.equal(status, 200, text);
  return json.token;
}

/** Made through the API, and logged in. */
async function newUser(username: string, isAdmin = false): Promise<string> {
  const body = { username, md5_password: md5(password), admin: isAdmin };
  const { status, text } = await ask("POST", "/admin/users", { token: admin, body });
  assert.deepEqual([status, text], [200, ""]);
  return login(username);
}

const statusOf = async (method: string, path: string, request?: MitosisRequest) =>
  (await ask(method, path, request)).status;

describe("the door", () => {
  test("health asks for nothing", async () => {
    for (const reading of readings) assert.deepEqual((await ask("GET", "/health", { reading })).json, { status: "ok" });
  });

  test("a login gives Mitosis' programs the base64 of a JWT and others the JWT; either is taken, whoever shows it", async () => {
    const encoded = await login("admin", adminPassword);
    const jwt = await login("admin", adminPassword, { reading: "document" });
    assert.match(encoded, /^[A-Za-z0-9+/]+={0,2}$/);
    assert.match(Buffer.from(encoded, "base64").toString(), /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.match(jwt, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    for (const reading of readings)
      for (const token of [encoded, jwt]) {
        const { status, text, headers } = await ask("GET", "/auth", { reading, token });
        assert.deepEqual([status, text, headers["content-type"]], [200, "admin", "text/plain; charset=utf-8"]);
      }
  });

  test("an API key of the yard, and a session of another login, are good here", async () => {
    const { id } = await opened.yard.identity.users.get("admin");
    const { key } = await opened.yard.identity.apiKeys.create({ userId: id, name: "ci" });
    assert.equal((await ask("GET", "/auth", { token: key })).text, "admin");
    const session = await opened.yard.identity.sessions.login(
      { username: "admin", password: adminPassword },
      { api: "test" },
    );
    assert.ok(session.kind === "session");
    assert.equal((await ask("GET", "/auth", { token: session.issued.token })).text, "admin");
  });

  for (const { what, headers } of [
    { what: "nothing", headers: {} },
    { what: "Basic credentials", headers: { authorization: "Basic YTpi" } },
    { what: "no token after Bearer", headers: { authorization: "Bearer " } },
    { what: "a token that is none", headers: { authorization: "Bearer bm9uZQ==" } },
    { what: "a worker's token", headers: { authorization: "Bearer wrk_0123456789" } },
  ])
    test(`${what} is 401, with the reason in both fields`, async () => {
      const { status, json } = await ask("GET", "/auth", { headers });
      assert.equal(status, 401);
      assert.equal(json.msg, json.error);
      assert.ok(json.msg.length > 0);
    });

  test("a wrong password and a name that nobody has get one and the same answer", async () => {
    await newUser("guessed");
    const wrong = await ask("POST", "/login", { body: { username: "guessed", md5_password: md5("wrong") } });
    const nobody = await ask("POST", "/login", { body: { username: "nobody-at-all", md5_password: md5("wrong") } });
    assert.equal(wrong.status, 401);
    assert.deepEqual([wrong.status, wrong.json], [nobody.status, nobody.json]);
  });

  test("after five wrong passwords the right one is 403 for a while, whether there is such a user or not", async () => {
    await newUser("flooded");
    for (const username of ["flooded", "nobody-else"]) {
      const statuses: number[] = [];
      for (let i = 0; i < 6; i++)
        statuses.push(await statusOf("POST", "/login", { body: { username, md5_password: md5("wrong") } }));
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 403]);
    }
    const { status, headers } = await ask("POST", "/login", {
      body: { username: "flooded", md5_password: md5(password) },
    });
    assert.equal(status, 403);
    assert.match(headers["retry-after"] ?? "", /^\d+$/);
  });

  test("a login ends the earlier ones of this API, unless they are to be retained; those of other APIs stay", async () => {
    const first = await newUser("ending");
    const other = await opened.yard.identity.sessions.login(
      // The plain password logs in too: what is known by its MD5 alone gets its other verifier now.
      { username: "ending", password },
      { api: "test" },
    );
    assert.ok(other.kind === "session");
    const retained = await login("ending", password, { retain: true });
    for (const token of [first, retained]) assert.equal(await statusOf("GET", "/auth", { token }), 200);
    const last = await login("ending", password, { retain: false });
    for (const token of [first, retained]) assert.equal(await statusOf("GET", "/auth", { token }), 401);
    for (const token of [last, other.issued.token]) assert.equal(await statusOf("GET", "/auth", { token }), 200);
  });

  test("who has TOTP needs its code in a header, and learns so only with the right password", async () => {
    await newUser("careful");
    const { users, totp } = opened.yard.identity;
    const { id } = await users.get("careful");
    const { secret } = await totp.begin(id);
    const { TOTP } = await import("otpauth");
    const code = () => new TOTP({ secret }).generate();
    await totp.enable(id, code());
    const refused = await ask("POST", "/login", { body: { username: "careful", md5_password: md5(password) } });
    assert.equal(refused.status, 403);
    assert.match(refused.json.msg, /X-Totp-Code/);
    const wrong = await ask("POST", "/login", { body: { username: "careful", md5_password: md5("wrong") } });
    assert.equal(wrong.status, 401);
    await login("careful", password, { headers: { "x-totp-code": code() } });
  });

  for (const { what, body, headers, status } of [
    { what: "no JSON", body: "{", status: 400 },
    { what: "no body", body: "", status: 400 },
    { what: "another media type", body: "a=1", headers: { "content-type": "text/plain" }, status: 415 },
    { what: "a missing field", body: { username: "ada" }, status: 422 },
    { what: "an MD5 of 15 bytes", body: { username: "ada", md5_password: md5("x").slice(1) }, status: 422 },
    { what: "a byte of 256", body: { username: "ada", md5_password: [...md5("x").slice(1), 256] }, status: 422 },
    { what: "a name that is a number", body: { username: 5, md5_password: md5("x") }, status: 422 },
    { what: "more than 2 MiB", body: `{"username":"${"x".repeat(2 * 1024 * 1024)}"}`, status: 413 },
  ])
    test(`a login with ${what} is ${status}`, async () => {
      const reply = await ask("POST", "/login", { body, headers });
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.json.msg, reply.json.error);
    });

  test("unknown fields and a stale parameter do no harm", async () => {
    const body = { username: "admin", md5_password: md5(adminPassword), retain: true, later: 1 };
    assert.equal(await statusOf("POST", "/login?op=force", { body }), 200);
  });

  test("an unknown path is 404 and a wrong method 405, before anybody is asked for a token", async () => {
    for (const path of ["/users", "/login/now", "/admin/none", "/groups/a/none"])
      assert.equal(await statusOf("GET", path), 404, path);
    for (const [method, path, allow] of [
      ["PUT", "/login", "POST"],
      ["POST", "/auth", "GET, HEAD"],
      ["PATCH", "/groups/lab/users?x=1", "DELETE, PUT"],
    ] as const) {
      const { status, headers } = await ask(method, path);
      assert.deepEqual([status, headers.allow], [405, allow], path);
    }
  });

  test("any page may ask, but never with credentials of the browser's own", async () => {
    const origin = { origin: "https://elsewhere.example" };
    const preflight = await ask("OPTIONS", "/groups/lab/users", {
      headers: { ...origin, "access-control-request-method": "PUT" },
    });
    assert.equal(preflight.status, 204);
    assert.match(String(preflight.headers["access-control-allow-methods"]), /PUT/);
    const refused = await ask("GET", "/auth", { headers: origin });
    for (const { headers } of [preflight, refused]) {
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers["access-control-allow-credentials"], undefined);
    }
    assert.equal((await ask("GET", "/openapi", { headers: origin })).headers["access-control-allow-origin"], undefined);
  });
});

describe("users", () => {
  test("a new password ends every session but the one of the reply", async () => {
    const token = await newUser("changing");
    const second = await login("changing");
    const body = { old_md5_password: md5(password), new_md5_password: md5("another one") };
    for (const wrong of [
      await ask("POST", "/users/changing/password", { token, body: { ...body, old_md5_password: md5("wrong") } }),
      await ask("POST", "/users/changing/password", { body }),
    ])
      assert.equal(wrong.status, 401);
    const { status, json } = await ask("POST", "/users/changing/password", { token, body });
    assert.equal(status, 200);
    for (const ended of [token, second]) assert.equal(await statusOf("GET", "/auth", { token: ended }), 401);
    assert.equal((await ask("GET", "/auth", { token: json.token })).text, "changing");
    const login401 = await statusOf("POST", "/login", { body: { username: "changing", md5_password: md5(password) } });
    assert.equal(login401, 401);
    await login("changing", "another one");
  });

  test("a password of somebody else is 401 for the client, also for administrators; document readers who are ones may", async () => {
    const victim = await newUser("victim");
    const mallory = await newUser("mallory");
    const body = { old_md5_password: md5(password), new_md5_password: md5("another one") };
    const path = "/users/victim/password";
    assert.equal(await statusOf("POST", path, { token: admin, body }), 401);
    assert.equal(await statusOf("POST", path, { token: mallory, body }), 401);
    assert.equal(await statusOf("POST", path, { token: mallory, body, reading: "document" }), 403);
    assert.equal(await statusOf("GET", "/auth", { token: victim }), 200, "nothing was changed");
    const asAdmin = await login("admin", adminPassword);
    const unknown = { token: asAdmin, body, reading: "document" } as const;
    assert.equal(await statusOf("POST", "/users/nobody/password", unknown), 404);
    const { status, json } = await ask("POST", path, unknown);
    assert.equal(status, 200);
    assert.equal((await ask("GET", "/auth", { token: json.token })).text, "admin");
    assert.equal(await statusOf("GET", "/auth", { token: victim }), 401);
  });

  test("an API key changes no password", async () => {
    await newUser("keyed");
    const { id } = await opened.yard.identity.users.get("keyed");
    const { key } = await opened.yard.identity.apiKeys.create({ userId: id, name: "ci" });
    const body = { old_md5_password: md5(password), new_md5_password: md5("another one") };
    assert.equal(await statusOf("POST", "/users/keyed/password", { token: key, body }), 403);
    await login("keyed");
  });
});

describe("groups", () => {
  test("a new one has its maker as Admin, and shows all that there is to know", async () => {
    const ada = await newUser("ada");
    const created = await ask("POST", "/groups", { token: ada, body: { group_name: "lab" } });
    assert.deepEqual([created.status, created.text], [200, ""]);
    assert.deepEqual((await ask("GET", "/users/groups", { token: ada })).json, {
      groups: { ada: "Admin", lab: "Admin" },
    });
    for (const reading of readings) {
      const { json } = await ask("GET", "/groups/lab", { token: ada, reading });
      const { created_at, updated_at, ...rest } = json;
      const form =
        reading === "client"
          ? /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} \+00:00:00$/
          : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
      for (const time of [created_at, updated_at]) assert.match(String(time), form);
      assert.deepEqual(rest, {
        ...{ group_name: "lab", creator_username: "ada", state: "Active" },
        ...{ task_count: 0, storage_quota: 16_000_000_000, storage_used: 0, worker_count: 0 },
        users_in_group: { ada: "Admin" },
      });
    }
  });

  test("users and groups share their names", async () => {
    const token = await newUser("namesake");
    await newUser("taken");
    assert.equal(await statusOf("POST", "/groups", { token, body: { group_name: "taken" } }), 409);
    assert.equal(await statusOf("POST", "/groups", { token, body: { group_name: "team-x" } }), 200);
    assert.equal(await statusOf("POST", "/groups", { token, body: { group_name: "team-x" } }), 409);
    const body = { username: "team-x", md5_password: md5(password), admin: false };
    assert.equal(await statusOf("POST", "/admin/users", { token: admin, body }), 409);
  });

  for (const name of ["", "a b", "a/b", "ä", "a.b", "../etc", "x".repeat(256), "x".repeat(65), "-rf"])
    test(`${JSON.stringify(name.slice(0, 12))} of ${name.length} is no name: 400`, async () => {
      assert.equal(await statusOf("POST", "/groups", { token: admin, body: { group_name: name } }), 400);
      const body = { username: name, md5_password: md5(password), admin: false };
      assert.equal(await statusOf("POST", "/admin/users", { token: admin, body }), 400);
    });

  test("nobody makes more groups than their quota, the personal one included", async () => {
    const token = await newUser("busy");
    const make = (name: string) => statusOf("POST", "/groups", { token, body: { group_name: name } });
    const quota = (group_quota: string) =>
      ask("POST", "/admin/users/busy/group-quota", { token: admin, body: { group_quota } });
    for (let i = 2; i <= 8; i++) assert.equal(await make(`busy-${i}`), 200);
    assert.equal(await make("busy-9"), 403);
    assert.deepEqual((await quota("+1")).json, { group_quota: 9 });
    assert.equal(await make("busy-9"), 200);
    assert.deepEqual((await quota("-30")).json, { group_quota: 0 });
    assert.deepEqual((await quota("=10")).json, { group_quota: 10 });
    assert.equal((await quota("ten")).status, 400);
    assert.equal(await make("busy-10"), 200);
  });

  test("an Admin takes users in, in any spelling of their role, and lets them go; all of them or none", async () => {
    const owner = await newUser("owner");
    const reader = await newUser("reader");
    const writer = await newUser("writer");
    await ask("POST", "/groups", { token: owner, body: { group_name: "shared" } });
    const set = (relations: object) =>
      ask("PUT", "/groups/shared/users", { token: owner, body: { relations } }).then(({ status }) => status);
    const members = async () => (await ask("GET", "/groups/shared", { token: owner })).json.users_in_group;

    assert.equal(await set({ reader: "READ", writer: "write" }), 200);
    assert.deepEqual(await members(), { owner: "Admin", reader: "Read", writer: "Write" });
    assert.equal((await ask("GET", "/groups/shared", { token: reader })).json.users_in_group, null);
    assert.deepEqual((await ask("GET", "/users/groups", { token: writer })).json.groups, {
      shared: "Write",
      writer: "Admin",
    });

    assert.equal(await set({}), 400);
    assert.equal(await set({ reader: "Admin", nobody: "Read" }), 400);
    assert.equal(await set({ reader: "Owner" }), 422);
    assert.deepEqual(await members(), { owner: "Admin", reader: "Read", writer: "Write" }, "nothing was changed");

    assert.equal(await set({ owner: "Write" }), 400, "nobody would lead it");
    assert.equal(await set({ writer: "Admin" }), 200);
    const leave = (query: string, token = owner) => statusOf("DELETE", `/groups/shared/users${query}`, { token });
    assert.equal(await leave(""), 400);
    assert.equal(await leave("?users=reader&users=nobody"), 400);
    assert.equal(await leave("?users=reader&users=admin"), 200, "who is no member stays none");
    assert.equal(await leave("?users=owner,reader", writer), 200, "a list with commas");
    assert.equal(await statusOf("GET", "/groups/shared", { token: owner }), 403, "who is out is out at once");
    assert.deepEqual((await ask("GET", "/groups/shared", { token: writer })).json.users_in_group, { writer: "Admin" });
    const older = { token: writer, body: { users: ["writer"] } };
    assert.equal(await statusOf("POST", "/groups/shared/users/remove", older), 400, "the last one stays");
  });

  test("a personal group can be shared, and stays its user's", async () => {
    const token = await newUser("host");
    const guest = await newUser("guest");
    const set = (relations: object, by: string) =>
      statusOf("PUT", "/groups/host/users", { token: by, body: { relations } });
    assert.equal(await set({ guest: "Admin" }, token), 200);
    assert.equal(await statusOf("GET", "/groups/host", { token: guest }), 200);
    assert.equal(await set({ host: "Read" }, guest), 400);
    assert.equal(await statusOf("DELETE", "/groups/host/users?users=host", { token: guest }), 400);
  });

  test("who is no member sees and changes nothing, who is no Admin changes nothing", async () => {
    const alice = await newUser("alice");
    const eve = await newUser("eve");
    await newUser("friend");
    await ask("POST", "/groups", { token: alice, body: { group_name: "secret" } });
    const operations = [
      ["GET", "/groups/GROUP", undefined],
      ["PUT", "/groups/GROUP/users", { relations: { eve: "Admin" } }],
      ["DELETE", "/groups/GROUP/users?users=alice", undefined],
      ["POST", "/groups/GROUP/users/remove", { users: ["alice"] }],
    ] as const;
    const before = (await ask("GET", "/groups/secret", { token: alice })).json;
    for (const reading of readings)
      for (const [method, path, body] of operations)
        for (const [group, expected] of [
          ["secret", 403],
          ["alice", 403],
          ["none-such", 404],
          ["a%00b", 404],
        ] as const) {
          const asked = path.replace("GROUP", group);
          for (const [token, status] of [
            [eve, expected],
            [undefined, 401],
          ] as const)
            assert.equal(await statusOf(method, asked, { token, body, reading }), status, `${method} ${asked}`);
        }
    assert.deepEqual((await ask("GET", "/groups/secret", { token: alice })).json, before);

    await ask("PUT", "/groups/secret/users", { token: alice, body: { relations: { eve: "Write" } } });
    for (const [method, path, body] of operations.slice(1))
      assert.equal(await statusOf(method, path.replace("GROUP", "secret"), { token: eve, body }), 403);
    assert.deepEqual((await ask("GET", "/groups/secret", { token: alice })).json.users_in_group, {
      alice: "Admin",
      eve: "Write",
    });
  });
});

describe("administration", () => {
  const asAdmin = (method: string, path: string, body?: unknown, reading: "client" | "document" = "client") =>
    ask(method, path, { token: admin, body, reading });

  test("a user who is no administrator is 403, one without a token 401, and nothing happens", async () => {
    const token = await newUser("plain");
    for (const [method, path, body] of [
      ["POST", "/admin/users", { username: "smuggled", md5_password: md5(password), admin: true }],
      ["DELETE", "/admin/users/admin", undefined],
      ["POST", "/admin/users/admin/password", { new_md5_password: md5("mine now") }],
      ["POST", "/admin/users/plain/group-quota", { group_quota: "+100" }],
      ["POST", "/admin/users/admin/state", { state: "Locked" }],
      ["POST", "/admin/groups/plain/storage-quota", { storage_quota: "+1TB" }],
      ["POST", "/admin/shutdown", { secret: "" }],
    ] as const) {
      assert.equal(await statusOf(method, path, { token, body }), 403, path);
      assert.equal(await statusOf(method, path, { body }), 401, path);
    }
    assert.equal((await ask("GET", "/auth", { token: admin })).text, "admin");
    await assert.rejects(opened.yard.identity.users.get("smuggled"));
  });

  test("an administrator who is made here is one in the whole yard", async () => {
    const token = await newUser("second-admin", true);
    assert.equal(await statusOf("DELETE", "/admin/users/nobody", { token }), 404);
    assert.deepEqual((await opened.yard.identity.users.get("second-admin")).roles, ["admin"]);
  });

  test("whoever is locked is out at once, and told so; active again, they log in anew", async () => {
    const token = await newUser("locked");
    for (const reading of readings) {
      const { json } = await asAdmin("POST", "/admin/users/locked/state", { state: "Locked" }, reading);
      assert.deepEqual(json, { state: "Locked" });
    }
    assert.equal(await statusOf("GET", "/auth", { token }), 403);
    const right = { username: "locked", md5_password: md5(password) };
    assert.equal(await statusOf("POST", "/login", { body: right }), 403);
    assert.equal(await statusOf("POST", "/login", { body: { ...right, md5_password: md5("wrong") } }), 401);
    assert.deepEqual((await asAdmin("POST", "/admin/users/locked/state", { state: "Active" })).json, {
      state: "Active",
    });
    assert.equal(await statusOf("GET", "/auth", { token }), 401);
    await login("locked");
  });

  test("a deleted user keeps name and groups, and can be made active again", async () => {
    const token = await newUser("deleted");
    await ask("POST", "/groups", { token, body: { group_name: "kept" } });
    for (const reading of readings)
      assert.deepEqual((await asAdmin("DELETE", "/admin/users/deleted", undefined, reading)).json, {
        state: "Deleted",
      });
    assert.equal(await statusOf("GET", "/auth", { token }), 403);
    assert.equal(
      await statusOf("POST", "/admin/users", {
        token: admin,
        body: { username: "deleted", md5_password: md5(password), admin: false },
      }),
      409,
    );
    assert.deepEqual((await asAdmin("POST", "/admin/users/deleted/state", { state: "Active" })).json, {
      state: "Active",
    });
    assert.deepEqual((await ask("GET", "/users/groups", { token: await login("deleted") })).json.groups, {
      deleted: "Admin",
      kept: "Admin",
    });
  });

  test("a password that an administrator sets ends every session", async () => {
    const token = await newUser("reset");
    const { status, text } = await asAdmin("POST", "/admin/users/reset/password", {
      new_md5_password: md5("fresh one"),
    });
    assert.deepEqual([status, text], [200, ""]);
    assert.equal(await statusOf("GET", "/auth", { token }), 401);
    await login("reset", "fresh one");
    assert.equal((await asAdmin("POST", "/admin/users/nobody/password", { new_md5_password: md5("x") })).status, 404);
  });

  test("a storage quota is set, raised and lowered, below zero too", async () => {
    const token = await newUser("keeper");
    const change = async (storage_quota: unknown, group = "keeper") => {
      const { status, json } = await asAdmin("POST", `/admin/groups/${group}/storage-quota`, { storage_quota });
      return status === 200 ? json.storage_quota : status;
    };
    assert.equal(await change("2GB"), 2_000_000_000);
    assert.equal(await change("+1 KiB"), 2_000_001_024);
    assert.equal((await ask("GET", "/groups/keeper", { token })).json.storage_quota, 2_000_001_024);
    assert.equal(await change("-3GB"), -999_998_976);
    assert.equal(await change("much"), 400);
    assert.equal(await change("+9000EB"), 400);
    assert.equal(await change(5), 422);
    assert.equal(await change("1GB", "none-such"), 404);
  });

  test("the last administrator is neither locked nor deleted", async () => {
    await opened.yard.identity.users.lock("second-admin");
    for (const state of ["Locked", "Deleted"])
      assert.equal((await asAdmin("POST", "/admin/users/admin/state", { state })).status, 400);
    assert.equal((await ask("GET", "/auth", { token: admin })).text, "admin");
  });

  test("what was changed is in the audit log, with who did it", async () => {
    const token = await newUser("audited");
    await ask("POST", "/groups", { token, body: { group_name: "logged" } });
    await asAdmin("DELETE", "/admin/users/audited");
    const entries = auditLog(opened.data).filter(({ target }) => target === "audited" || target === "logged");
    assert.deepEqual(
      entries.map(({ actor, action, outcome }) => [actor, action, outcome]),
      [
        ["admin", "user.create", "done"],
        ["audited", "team.create", "done"],
        ["admin", "user.retire", "done"],
      ],
    );
    assert.ok(entries.every(({ details }) => !details.includes("argon2") && !details.includes("md5")));
  });
});
