/** Wrenn's operations on hosts: who may do what, every refusal, and what the agents of others ask. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { idFromWire, idToWire } from "../src/apis/wrenn/ids.ts";
import { readLocalYard } from "../src/client/local-yard.ts";
import { newId } from "../src/platform/ids.ts";
import { auditLog } from "./support/audit-log.ts";
import { askYard } from "./support/joined-agent.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";

interface Person {
  readonly url: string;
  readonly token: string;
  readonly teamId: string;
}

interface HostReply {
  readonly id: string;
  readonly status: string;
  readonly type: string;
  readonly team_id?: string;
  readonly team_name?: string;
  readonly tags: readonly string[];
}

interface Failure {
  readonly error: { readonly code: string; readonly sandbox_ids?: readonly string[] };
  readonly sandbox_ids?: readonly string[];
}

type Invited = { readonly host: HostReply; readonly registration_token: string };
type Registered = { readonly host: HostReply; readonly token: string; readonly refresh_token: string };

describe("Wrenn's hosts", () => {
  let opened: OpenedYard;
  let admin: Person;
  let owner: Person;
  let stranger: Person;

  async function signUp(name: string): Promise<Person> {
    const account = { email: `${name}@example.org`, password: "a long password", name };
    const reply = await askYard<{ token: string; team_id: string }>(admin, "POST", "/v1/auth/signup", account);
    assert.equal(reply.status, 201, reply.text);
    return { url: opened.url, token: reply.json.token, teamId: reply.json.team_id };
  }

  before(async () => {
    opened = await openTestYard({ "wrenn.signup": "open" });
    const local = await readLocalYard(opened.data);
    assert.ok(local);
    admin = { ...local, teamId: "" };
    [owner, stranger] = [await signUp("olga"), await signUp("sam")];
    const byoc = await askYard(admin, "PUT", `/v1/admin/teams/${owner.teamId}/byoc`, { enabled: true });
    assert.ok(byoc.status < 300, byoc.text);
  });
  after(() => opened[Symbol.asyncDispose]());

  const add = async (person: Person, body: object): Promise<Invited> => {
    const { status, json, text } = await askYard<Invited>(person, "POST", "/v1/hosts", body);
    assert.equal(status, 201, text);
    return json;
  };
  const addOwn = () => add(owner, { type: "byoc", team_id: owner.teamId });
  const register = (token: unknown, changes: object = {}) =>
    askYard<Registered>(admin, "POST", "/v1/hosts/register", { token, address: "10.0.0.1:50051", ...changes });
  const asHost = (token: string, path: string) =>
    fetch(`${opened.url}${path}`, { method: "POST", headers: { "x-host-token": token } });

  test("the yard's own machine is there, for administrators alone, and cannot be removed", async () => {
    const [own] = (await askYard<HostReply[]>(admin, "GET", "/v1/hosts")).json;
    assert.equal(own?.status, "online");
    assert.deepEqual((await askYard<HostReply[]>(stranger, "GET", "/v1/hosts")).json, []);
    const refused = await askYard<Failure>(admin, "DELETE", `/v1/hosts/${own?.id}?force=true`);
    assert.deepEqual([refused.status, refused.json.error.code], [409, "invalid_state"]);
  });

  test("a host of a team is seen and removed by its own, and is not there for others", async () => {
    const { host, registration_token: token } = await addOwn();
    assert.deepEqual([host.status, host.type, host.team_id], ["pending", "byoc", owner.teamId]);
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.deepEqual(
      (await askYard<HostReply[]>(owner, "GET", "/v1/hosts")).json.map(({ id }) => id),
      [host.id],
    );
    const all = (await askYard<HostReply[]>(admin, "GET", "/v1/hosts")).json;
    assert.equal(all.find(({ id }) => id === host.id)?.team_name !== undefined, true);
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/tags"],
      ["GET", "/delete-preview"],
      ["POST", "/token"],
      ["DELETE", "/tags/x"],
      ["DELETE", "?force=true"],
    ] as const)
      assert.equal((await askYard(stranger, method, `/v1/hosts/${host.id}${path}`)).status, 404, `${method} ${path}`);
    assert.equal((await askYard(owner, "DELETE", `/v1/hosts/${host.id}`)).status, 204);
    assert.equal((await askYard(owner, "GET", `/v1/hosts/${host.id}`)).status, 404);
    assert.equal((await register(token)).status, 401, "its token went with it");
  });

  for (const { what, who, body, status, code } of [
    { what: "no type", who: "admin", body: {}, status: 400, code: "invalid_request" },
    { what: "a type that is none", who: "admin", body: { type: "x" }, status: 400, code: "invalid_request" },
    { what: "a team's own without a team", who: "admin", body: { type: "byoc" }, status: 400, code: "invalid_request" },
    {
      what: "a team id that is none",
      who: "admin",
      body: { type: "byoc", team_id: "x" },
      status: 400,
      code: "invalid_request",
    },
    {
      what: "a number for a text",
      who: "admin",
      body: { type: "regular", provider: 5 },
      status: 400,
      code: "invalid_request",
    },
    { what: "everybody's, by somebody", who: "owner", body: { type: "regular" }, status: 403, code: "forbidden" },
    {
      what: "for a team that there is not",
      who: "admin",
      body: { type: "byoc", team_id: `team-${"1".repeat(25)}` },
      status: 404,
      code: "not_found",
    },
    {
      what: "for another's team",
      who: "stranger",
      body: { type: "byoc", team_id: "OWNER" },
      status: 403,
      code: "forbidden",
    },
    {
      what: "for a team that may have none",
      who: "stranger",
      body: { type: "byoc", team_id: "STRANGER" },
      status: 403,
      code: "forbidden",
    },
  ] as const) {
    test(`adding a host is refused: ${what}`, async () => {
      const people = { admin, owner, stranger };
      const text = JSON.stringify(body).replace("OWNER", owner.teamId).replace("STRANGER", stranger.teamId);
      const before = (await askYard<HostReply[]>(admin, "GET", "/v1/hosts")).json.length;
      const reply = await askYard<Failure>(people[who], "POST", "/v1/hosts", JSON.parse(text));
      assert.deepEqual([reply.status, reply.json.error.code], [status, code], reply.text);
      assert.equal((await askYard<HostReply[]>(admin, "GET", "/v1/hosts")).json.length, before);
    });
  }

  test("a machine registers, beats and refreshes; each secret is good for what it is for", async () => {
    const { host, registration_token: token } = await add(admin, { type: "regular", provider: "hetzner" });
    assert.equal((await register(undefined)).status, 400);
    assert.equal((await register(token, { address: "" })).status, 400);
    assert.equal((await register("f".repeat(64))).status, 401);
    const { status, json } = await register(token, { arch: "x86_64", cpu_cores: 8, memory_mb: 16_384, disk_gb: 100 });
    assert.equal(status, 201);
    const { memory_mb: memoryMb, disk_gb: diskGb, address } = json.host as HostReply & Record<string, unknown>;
    assert.deepEqual([json.host.status, memoryMb, diskGb, address], ["online", 16_384, 100, "10.0.0.1:50051"]);
    assert.equal((await register(token)).status, 401);
    assert.equal(
      (await askYard<Failure>(admin, "POST", `/v1/hosts/${host.id}/token`)).json.error.code,
      "invalid_state",
    );

    assert.equal((await asHost(json.token, `/v1/hosts/${host.id}/heartbeat`)).status, 204);
    assert.equal((await asHost(json.token, `/v1/hosts/host-${"1".repeat(25)}/heartbeat`)).status, 403);
    assert.equal((await asHost(json.token, "/v1/hosts/x/heartbeat")).status, 400);
    assert.equal((await asHost(admin.token, `/v1/hosts/${host.id}/heartbeat`)).status, 401);
    assert.equal((await askYard({ ...admin, token: json.token }, "GET", "/v1/hosts")).status, 401);

    const refresh = (refreshToken: unknown) =>
      askYard<Registered>(admin, "POST", "/v1/hosts/auth/refresh", { refresh_token: refreshToken });
    const next = await refresh(json.refresh_token);
    assert.equal(next.status, 200);
    assert.notEqual(next.json.refresh_token, json.refresh_token);
    assert.equal((await refresh(undefined)).status, 400);
    assert.equal((await refresh("f".repeat(64))).status, 401);

    assert.equal((await askYard(admin, "DELETE", `/v1/hosts/${host.id}`)).status, 204);
    assert.equal((await asHost(next.json.token, `/v1/hosts/${host.id}/heartbeat`)).status, 404);
    assert.equal((await refresh(next.json.refresh_token)).status, 401);
  });

  test("a host with capsules is removed by force alone, and they end with it", async () => {
    const { host, registration_token: token } = await add(admin, { type: "regular" });
    await register(token);
    const capsule = capsuleOn(host.id);
    const at = `/v1/hosts/${host.id}`;
    const preview = await askYard<Failure>(admin, "GET", `${at}/delete-preview`);
    assert.deepEqual(preview.json.sandbox_ids, [capsule]);
    const refused = await askYard<Failure>(admin, "DELETE", at);
    assert.deepEqual([refused.status, refused.json.error.code], [409, "host_has_sandboxes"]);
    assert.deepEqual([refused.json.error.sandbox_ids, refused.json.sandbox_ids], [[capsule], [capsule]]);
    assert.equal((await askYard(admin, "GET", at)).status, 200);
    assert.equal((await askYard(admin, "DELETE", `${at}?force=true`)).status, 204);
    const ended = await askYard<{ status: string }>(stranger, "GET", `/v1/capsules/${capsule}`);
    assert.equal(ended.json.status, "stopped");
  });

  /** A capsule of a stranger's team that was on this host when the host was there: nothing of it can be reached now. */
  function capsuleOn(host: string): string {
    const id = newId("capsule");
    const database = new DatabaseSync(join(opened.data, "runyard.db"), { timeout: 5_000 });
    try {
      database
        .prepare(
          `insert into capsules (id, team_id, status, template, vcpus, memory_mb, disk_mb, idle_timeout_seconds, driver, host_id, keeps, created_at, updated_at)
           values (?, ?, 'missing', 'minimal', 1, 512, 5120, 0, 'namespace', ?, 'none', 0, 0)`,
        )
        .run(id, idFromWire("team", stranger.teamId), idFromWire("host", host));
    } finally {
      database.close();
    }
    return idToWire("capsule", id);
  }

  test("tags are added once and taken away, also twice", async () => {
    const { host } = await addOwn();
    const tags = `/v1/hosts/${host.id}/tags`;
    assert.deepEqual((await askYard(owner, "GET", tags)).json, []);
    for (const tag of ["ssd", "gpu", "ssd"]) assert.equal((await askYard(owner, "POST", tags, { tag })).status, 204);
    assert.deepEqual((await askYard(owner, "GET", tags)).json, ["gpu", "ssd"]);
    for (const body of [{}, { tag: "" }, { tag: 5 }, { tag: "a b" }])
      assert.equal((await askYard(owner, "POST", tags, body)).status, 400);
    for (let times = 0; times < 2; times++) assert.equal((await askYard(owner, "DELETE", `${tags}/gpu`)).status, 204);
    assert.deepEqual((await askYard(owner, "GET", tags)).json, ["ssd"]);
  });

  for (const id of ["x", `cl-${"0".repeat(25)}`, `host-${"z".repeat(25)}`, "host-..%2f"]) {
    test(`${id} is no id of a host`, async () => {
      for (const path of ["", "/tags", "/delete-preview"])
        assert.equal((await askYard(admin, "GET", `/v1/hosts/${id}${path}`)).status, 400);
      assert.equal((await askYard(admin, "DELETE", `/v1/hosts/${id}`)).status, 400);
    });
  }

  test("what was done to hosts is in the audit log, without any secret", async () => {
    const { host, registration_token: token } = await addOwn();
    await register(token);
    const entries = auditLog(opened.data).filter(({ action }) => action.startsWith("host."));
    for (const action of ["host.create", "host.register", "host.tag", "host.remove"])
      assert.ok(
        entries.some((entry) => entry.action === action),
        action,
      );
    assert.ok(!JSON.stringify(entries).includes(token));
    assert.ok(idToWire("host", entries.findLast(({ action }) => action === "host.register")?.target ?? "") === host.id);
  });

  test("nobody gets in without a credential", async () => {
    const nobody = { url: opened.url, token: "nonsense" };
    for (const [method, path] of [
      ["GET", "/v1/hosts"],
      ["POST", "/v1/hosts"],
      ["GET", `/v1/hosts/host-${"1".repeat(25)}`],
      ["DELETE", `/v1/hosts/host-${"1".repeat(25)}`],
      ["POST", `/v1/hosts/host-${"1".repeat(25)}/heartbeat`],
    ] as const)
      assert.equal((await askYard(nobody, method, path)).status, 401, `${method} ${path}`);
  });
});
