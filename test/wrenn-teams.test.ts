/** Teams and their keys as Wrenn's clients know them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { idFromWire } from "../src/apis/wrenn/ids.ts";
import { signUp } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { claimsOf, password, type TeamBody, useWrennAccounts } from "./support/wrenn-accounts.ts";
import { adminPassword } from "./support/yard-process.ts";

const yard = useWrennAccounts();
const { ask, outcome, login } = yard;

/** A team of somebody's, and a token for it. */
async function newTeam({ token }: { token: string }, name = "Lab") {
  const made = await ask<TeamBody>("POST", "/v1/teams", { token, body: { name } });
  assert.equal(made.status, 201, made.text);
  return { ...made.json, token: await switchTo(token, made.json.id) };
}

async function switchTo(token: string, team_id: string): Promise<string> {
  const switched = await ask("POST", "/v1/auth/switch-team", { token, body: { team_id } });
  assert.equal(switched.status, 200, switched.text);
  assert.equal(switched.json.team_id, team_id);
  return switched.json.token;
}

describe("keys of a team", () => {
  interface KeyBody {
    readonly id: string;
    readonly name: string;
    readonly key: string;
    readonly key_prefix: string;
    readonly created_by: string;
    readonly creator_email: string;
    readonly last_used?: string;
  }
  const list = async (token: string) => (await ask<KeyBody[]>("GET", "/v1/api-keys", { token })).json;

  test("one is shown once, listed without itself, and works until it is removed", async () => {
    const { status, json } = await ask<KeyBody>("POST", "/v1/api-keys", {
      token: yard.ben.token,
      body: { name: "ci" },
    });
    assert.equal(status, 201);
    assert.match(json.key, /^wrn_[0-9a-f]{32}$/);
    assert.equal(json.key_prefix, json.key.slice(0, 10));
    assert.equal((await ask("GET", "/v1/capsules", { key: json.key })).status, 200);
    const [listed, older] = await list(yard.ben.token);
    assert.deepEqual(
      [listed!.id, listed!.name, listed!.created_by, listed!.creator_email, listed!.key],
      [json.id, "ci", yard.ben.userId, yard.ben.email, undefined],
    );
    assert.match(listed!.last_used ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(older!.name, "test");
    assert.deepEqual(await outcome("DELETE", `/v1/api-keys/${json.id}`, { token: yard.ben.token }), [204]);
    assert.equal((await ask("GET", "/v1/capsules", { key: json.key })).status, 401);
  });

  test("a name may be left out, but not the body", async () => {
    for (const body of [{}, { name: "" }]) {
      const { json } = await ask<KeyBody>("POST", "/v1/api-keys", { token: yard.ben.token, body });
      assert.equal(json.name, "Unnamed API Key");
    }
    for (const body of [undefined, "nonsense", { name: 7 }, []])
      assert.deepEqual(await outcome("POST", "/v1/api-keys", { token: yard.ben.token, body }), [
        400,
        "invalid_request",
      ]);
  });

  test("another team's are neither seen nor removed, though the reply does not tell", async () => {
    const [mine] = await list(yard.ada.token);
    assert.deepEqual(await outcome("DELETE", `/v1/api-keys/${mine!.id}`, { token: yard.ben.token }), [204]);
    assert.ok((await list(yard.ada.token)).some(({ id }) => id === mine!.id));
    assert.ok(!(await list(yard.ben.token)).some(({ id }) => id === mine!.id));
    for (const id of ["nonsense", yard.ada.teamId, `key-${"z".repeat(25)}`])
      assert.deepEqual(await outcome("DELETE", `/v1/api-keys/${id}`, { token: yard.ben.token }), [
        400,
        "invalid_request",
      ]);
  });
});

describe("teams", () => {
  test("are made, switched to, looked at and renamed", async () => {
    const team = await newTeam(yard.ada, "  Ada's Lab_1 @home-2 ");
    assert.deepEqual([team.name, team.role, team.is_byoc], ["Ada's Lab_1 @home-2", "owner", false]);
    const claims = claimsOf(team.token);
    assert.deepEqual([claims.team_id, claims.role], [team.id, "owner"]);
    const { json } = await ask<{ team: TeamBody; members: { user_id: string; role: string; joined_at: string }[] }>(
      "GET",
      `/v1/teams/${team.id}`,
      { token: team.token },
    );
    assert.equal(json.team.slug, team.slug);
    assert.deepEqual(
      json.members.map(({ user_id, role }) => [user_id, role]),
      [[yard.ada.userId, "owner"]],
    );
    assert.match(json.members[0]!.joined_at, /Z$/);
    const renamed = { token: team.token, body: { name: "Renamed" } };
    assert.deepEqual(await outcome("PATCH", `/v1/teams/${team.id}`, renamed), [204]);
    const { json: listed } = await ask<TeamBody[]>("GET", "/v1/teams", { token: yard.ada.token });
    assert.deepEqual(listed.map(({ name, slug }) => [name, slug]).at(-1), ["Renamed", team.slug]);
    assert.equal(listed[0]!.id, yard.ada.teamId);
  });

  for (const name of ["", "  ", "x".repeat(129), "a/b", "a.b", "naïve", "a\nb", "\0", 7, null])
    test(`are not called ${JSON.stringify(name)?.slice(0, 20)}`, async () => {
      const request = { token: yard.ada.token, body: { name } };
      assert.deepEqual(await outcome("POST", "/v1/teams", request), [400, "invalid_request"]);
      assert.deepEqual(await outcome("PATCH", `/v1/teams/${yard.ada.teamId}`, request), [400, "invalid_request"]);
    });

  test("are worked on by a token of their own alone, of other APIs' logins the user's own team", async () => {
    const team = await newTeam(yard.ada);
    const paths = ["", "/members"];
    for (const path of paths) {
      const other = await outcome("GET", `/v1/teams/${team.id}${path}`, { token: yard.ada.token });
      assert.deepEqual(other, [403, "forbidden"]);
      assert.deepEqual(await outcome("GET", `/v1/teams/nonsense${path}`, { token: yard.ada.token }), [
        400,
        "invalid_request",
      ]);
      const unknown = `team-${"1".repeat(25)}`;
      assert.deepEqual(await outcome("GET", `/v1/teams/${unknown}${path}`, { token: yard.ada.token }), [
        403,
        "forbidden",
      ]);
    }
    const elsewhere = await yard.opened.yard.identity.sessions.login({ username: "ada", password }, { api: "test" });
    assert.ok(elsewhere.kind === "session");
    assert.deepEqual(await outcome("GET", `/v1/teams/${yard.ada.teamId}`, { token: elsewhere.issued.token }), [200]);
  });

  test("switching asks for a team that there is and that the user is in", async () => {
    const team = await newTeam(yard.ada);
    const attempt = (team_id: unknown) =>
      outcome("POST", "/v1/auth/switch-team", { token: yard.ben.token, body: { team_id } });
    assert.deepEqual(await attempt(team.id), [403, "forbidden"]);
    assert.deepEqual(await attempt(`team-${"1".repeat(25)}`), [404, "not_found"]);
    for (const nonsense of ["", "team-1", 7, undefined])
      assert.deepEqual(await attempt(nonsense), [400, "invalid_request"]);
  });

  test("members come by their address, get roles and go; a token of one who went is refused at once, and so is a key", async () => {
    const team = await newTeam(yard.ada);
    const at = `/v1/teams/${team.id}`;
    const dora = await signUp(yard.opened.url, "dora");
    const add = (email: unknown, token = team.token) => ask("POST", `${at}/members`, { token, body: { email } });
    const added = await add(" Dora@example.test");
    assert.equal(added.status, 201);
    assert.deepEqual(
      [added.json.user_id, added.json.email, added.json.role, added.json.name],
      [dora.userId, dora.email, "member", "dora"],
    );
    assert.ok(Date.now() - Date.parse(String(added.json.joined_at)) < 60_000);
    assert.deepEqual([(await add(dora.email)).status, (await add("nobody@x.test")).status], [400, 404]);
    assert.deepEqual([(await add("")).status, (await add(7)).status], [400, 400]);

    const token = await switchTo(dora.token, team.id);
    const key = (await ask<{ key: string }>("POST", "/v1/api-keys", { token, body: {} })).json.key;
    assert.equal((await ask("GET", "/v1/capsules", { key })).status, 200);
    const asMember = { token, body: { role: "admin", name: "x", email: yard.ben.email } };
    for (const [method, path] of [
      ["PATCH", at],
      ["POST", `${at}/members`],
      ["PATCH", `${at}/members/${dora.userId}`],
      ["DELETE", `${at}/members/${yard.ada.userId}`],
      ["DELETE", at],
    ] as const)
      assert.deepEqual(await outcome(method, path, asMember), [403, "forbidden"], `${method} ${path}`);

    const promote = { token: team.token, body: { role: "admin" } };
    assert.deepEqual(await outcome("PATCH", `${at}/members/${dora.userId}`, promote), [204]);
    assert.deepEqual(await outcome("PATCH", `${at}/members/${yard.ada.userId}`, { token, body: { role: "member" } }), [
      403,
      "forbidden",
    ]);
    assert.deepEqual(await outcome("DELETE", `${at}/members/${yard.ada.userId}`, { token }), [403, "forbidden"]);
    assert.deepEqual(await outcome("PATCH", `${at}/members/${yard.ben.userId}`, promote), [404, "not_found"]);
    for (const role of ["owner", "king", 1, undefined])
      assert.deepEqual(await outcome("PATCH", `${at}/members/${dora.userId}`, { token, body: { role } }), [
        400,
        "invalid_request",
      ]);
    assert.deepEqual(await outcome("POST", `${at}/leave`, { token: team.token }), [403, "forbidden"]);

    assert.deepEqual(await outcome("DELETE", `${at}/members/${dora.userId}`, { token: team.token }), [204]);
    assert.deepEqual(await outcome("DELETE", `${at}/members/${dora.userId}`, { token: team.token }), [
      404,
      "not_found",
    ]);
    for (const path of [at, `${at}/members`, "/v1/api-keys", "/v1/capsules"])
      assert.deepEqual(await outcome("GET", path, { token }), [403, "forbidden"], path);
    assert.deepEqual(await outcome("GET", "/v1/capsules", { key }), [401, "unauthorized"]);
    assert.deepEqual(await outcome("GET", "/v1/teams", { token }), [200]);
  });

  test("a member leaves by themselves", async () => {
    const team = await newTeam(yard.ada);
    await ask("POST", `/v1/teams/${team.id}/members`, { token: team.token, body: { email: yard.ben.email } });
    const token = await switchTo(yard.ben.token, team.id);
    assert.deepEqual(await outcome("POST", `/v1/teams/${team.id}/leave`, { token }), [204]);
    assert.deepEqual(await outcome("POST", `/v1/teams/${team.id}/leave`, { token }), [403, "forbidden"]);
  });

  test("one that is deleted is gone for all, its keys too, and its tokens make nothing there", async () => {
    const team = await newTeam(yard.ada);
    const { json } = await ask<{ key: string }>("POST", "/v1/api-keys", { token: team.token, body: {} });
    assert.deepEqual(await outcome("DELETE", `/v1/teams/${team.id}`, { token: team.token }), [204]);
    for (const [method, path] of [
      ["GET", `/v1/teams/${team.id}`],
      ["GET", `/v1/teams/${team.id}/members`],
      ["DELETE", `/v1/teams/${team.id}`],
      ["POST", "/v1/capsules"],
      ["GET", "/v1/api-keys"],
    ] as const)
      assert.deepEqual(await outcome(method, path, { token: team.token, body: method === "POST" ? {} : undefined }), [
        404,
        "not_found",
      ]);
    assert.equal((await ask("GET", "/v1/capsules", { key: json.key })).status, 401);
    const again = { token: yard.ada.token, body: { team_id: team.id } };
    assert.deepEqual(await outcome("POST", "/v1/auth/switch-team", again), [404, "not_found"]);
    const { json: listed } = await ask<TeamBody[]>("GET", "/v1/teams", { token: team.token });
    assert.ok(!listed.some(({ id }) => id === team.id));
  });

  test("what a deleted team runs is ended", { skip: skipWithoutNamespaces }, async () => {
    const team = await newTeam(yard.ben);
    const { status, text } = await ask("POST", "/v1/capsules", { token: team.token, body: {} });
    assert.equal(status, 201, text);
    assert.deepEqual(await outcome("DELETE", `/v1/teams/${team.id}`, { token: team.token }), [204]);
    using database = new DatabaseSync(join(yard.opened.data, "runyard.db"), { readOnly: true });
    const capsules = database.prepare("select status from capsules where team_id = ?");
    await until(() => capsules.all(idFromWire("team", team.id)).every(({ status }) => status === "stopped"));
  });

  test("a first team may go too: its user has another, empty one from then on", async () => {
    const eve = await signUp(yard.opened.url, "eve");
    assert.deepEqual(await outcome("DELETE", `/v1/teams/${eve.teamId}`, { token: eve.token }), [204]);
    assert.deepEqual(await outcome("GET", `/v1/teams/${eve.teamId}`, { token: eve.token }), [404, "not_found"]);
    const { json } = await login(eve.email);
    assert.notEqual(json.team_id, eve.teamId);
    assert.deepEqual(await outcome("GET", "/v1/api-keys", { token: json.token }), [200]);
  });

  test("who may only look in one looks", async () => {
    const team = await newTeam(yard.ada, "Looked at");
    await yard.opened.yard.identity.teams.setMembers("Looked-at", new Map([["ben", "viewer"]]));
    const token = await switchTo(yard.ben.token, team.id);
    assert.equal(claimsOf(token).role, "member");
    assert.deepEqual(await outcome("GET", "/v1/capsules", { token }), [200]);
    assert.deepEqual(await outcome("POST", "/v1/capsules", { token, body: {} }), [403, "forbidden"]);
    assert.deepEqual(await outcome("POST", "/v1/api-keys", { token, body: {} }), [403, "forbidden"]);
  });

  test("teams of other APIs are teams here, under the name they have", async () => {
    const { id } = await yard.opened.yard.identity.users.get("ben");
    await yard.opened.yard.identity.teams.create("from-elsewhere", { userId: id });
    const { json } = await ask<TeamBody[]>("GET", "/v1/teams", { token: yard.ben.token });
    assert.ok(json.some(({ name, role }) => name === "from-elsewhere" && role === "owner"));
  });

  test("an administrator lets a team bring its own hosts, for good", async () => {
    const path = `/v1/admin/teams/${yard.ben.teamId}/byoc`;
    const { json } = await login("admin", adminPassword);
    assert.deepEqual(await outcome("PUT", path, { token: yard.ben.token, body: { enabled: true } }), [
      403,
      "forbidden",
    ]);
    assert.deepEqual(await outcome("PUT", path, { token: json.token, body: { enabled: false } }), [
      400,
      "invalid_request",
    ]);
    assert.deepEqual(await outcome("PUT", path, { token: json.token, body: { enabled: true } }), [204]);
    const { json: teams } = await ask<TeamBody[]>("GET", "/v1/teams", { token: yard.ben.token });
    assert.equal(teams.find(({ id }) => id === yard.ben.teamId)?.is_byoc, true);
  });

  test("every change is in the audit log", () => {
    const actions = new Set(auditLog(yard.opened.data).map(({ action }) => action));
    for (const action of [
      "team.create",
      "team.rename",
      "team.members",
      "team.delete",
      "team.byoc",
      "key.create",
      "key.revoke",
    ])
      assert.ok(actions.has(action), action);
  });
});
