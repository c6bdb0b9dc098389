/** What holds for the whole fleet, over HTTP: settings, variables of all stacks, registries, the audit log, and what is not served. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { laterAreas } from "../src/apis/dockmesh/later-operations.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { auditLog } from "./support/audit-log.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";

type Settings = readonly { readonly key: string; readonly value: string }[];
const settingsOf = (settings: Settings) => Object.fromEntries(settings.map(({ key, value }) => [key, value]));

describe("Dockmesh's settings", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });

  test("are changed by a list and by an object, and both show the policy for accounts as it is", async () => {
    const before = settingsOf(await yard.admin.expect<Settings>(200, "GET", "/settings"));
    assert.deepEqual([before.base_url, before["auth.password_min_length"]], ["", "8"]);
    const change = [{ key: "auth.password_min_length", value: "10" }];
    const listed = settingsOf(await yard.admin.expect<Settings>(200, "PUT", "/settings", change));
    assert.deepEqual(listed, { ...before, "auth.password_min_length": "10" });
    const policy = await yard.admin.expect(200, "PUT", "/auth/policy", { min_length: 9, require_upper: true });
    assert.equal(policy.min_length, 9);
    const changes = { "auth.password_require_upper": "false", scanner_enabled: "true" };
    const after = settingsOf(await yard.admin.expect<Settings>(200, "PUT", "/settings", changes));
    assert.deepEqual(after, { ...before, "auth.password_min_length": "9", scanner_enabled: "true" });
  });

  test("are not changed at all by what is partly wrong", async () => {
    const before = await yard.admin.expect<Settings>(200, "GET", "/settings");
    for (const body of [
      { "auth.password_min_length": "12", nope: "1" },
      { base_url: "https://yard.example", "auth.lockout_max_attempts": "many" },
      [{ key: "base_url" }],
      { base_url: 1 },
      "1",
    ])
      await yard.admin.expect(400, "PUT", "/settings", body);
    assert.deepEqual(await yard.admin.expect<Settings>(200, "GET", "/settings"), before);
  });

  test("say by which addresses agents are told to come", async () => {
    await yard.admin.expect(200, "PUT", "/settings", {
      base_url: "https://yard.example",
      agent_public_url: "https://agents.example:9443",
    });
    const { enroll_url, agent_url } = await yard.admin.expect(201, "POST", "/agents", { name: "one" });
    assert.equal(enroll_url, "https://yard.example/api/v1/agents/enroll");
    assert.equal(agent_url, "wss://agents.example:9443/connect");
    const script = await fetch(`${yard.url}/install/agent.sh?token=x`).then((response) => response.text());
    assert.match(script, /https:\/\/yard\.example/);
  });

  test("there is no wizard to finish", async () => {
    assert.equal((await yard.ask("GET", "/setup/status")).json.active, false);
    assert.equal((await yard.ask("POST", "/setup/commit", {})).status, 410);
  });

  test("and all of these pages are for who manages the fleet", async () => {
    const operator = await yard.makeUser("operator");
    for (const [method, path, body] of [
      ["GET", "/settings"],
      ["PUT", "/settings", {}],
      ["GET", "/global-env"],
      ["GET", "/global-env/groups"],
      ["POST", "/global-env", { key: "A", value: "1" }],
      ["PUT", "/global-env/1", { key: "A", value: "1" }],
      ["DELETE", "/global-env/1"],
      ["GET", "/settings/registries"],
      ["POST", "/settings/registries", { name: "a", url: "ghcr.io" }],
      ["PUT", "/settings/registries/1", { name: "a", url: "ghcr.io" }],
      ["DELETE", "/settings/registries/1"],
      ["POST", "/settings/registries/1/test"],
    ] as const) {
      assert.equal((await operator.ask(method, path, body)).status, 403, `${method} ${path}`);
      assert.equal((await yard.ask(method, path, body)).status, 401, `${method} ${path}`);
    }
  });
});

describe("Dockmesh's variables of all stacks", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });

  test("are made, changed and deleted, and their values are in no log", async () => {
    const wanted = { key: "PASSWORD", value: "canary-1", group_name: "shop" };
    const { created_at, updated_at, ...made } = await yard.admin.expect(201, "POST", "/global-env", wanted);
    assert.deepEqual(made, { ...wanted, id: 1, encrypted: true });
    assert.equal(created_at, updated_at);
    await yard.admin.expect(409, "POST", "/global-env", wanted);
    const path = `/global-env/${made.id}`;
    const changed = await yard.admin.expect(200, "PUT", path, { ...wanted, value: "canary-2", group_name: "" });
    assert.deepEqual([changed.value, changed.group_name], ["canary-2", ""]);
    assert.deepEqual(await yard.admin.expect(200, "GET", "/global-env/groups"), []);
    assert.equal((await yard.admin.expect<unknown[]>(200, "GET", "/global-env")).length, 1);
    const refused = await yard.admin.ask("POST", "/global-env", { key: "B", value: "1", group_name: "a\nb" });
    assert.deepEqual([refused.status, refused.json.error.startsWith("group_name: ")], [400, true]);
    await yard.admin.expect(204, "DELETE", path);
    await yard.admin.expect(404, "DELETE", path);
    assert.deepEqual(await yard.admin.expect(200, "GET", "/global-env"), []);
    const logged = auditLog(yard.opened.data);
    assert.equal(logged.filter(({ action }) => action.startsWith("global_env.")).length, 3);
    assert.ok(!JSON.stringify(logged).includes("canary"));
  });

  test("are known to a compose file from the next deployment on, below the stack's own", async () => {
    const compose = `services:\n  app:\n    image: tiny\n    environment:\n      A: \${MINE:?mine} \${GLOBAL:?global}\n`;
    await yard.admin.expect(201, "POST", "/stacks", { name: "shop", compose, env: "MINE=1" });
    assert.match((await yard.admin.expect(422, "POST", "/stacks/shop/deploy")).error, /global/);
    await yard.admin.expect(201, "POST", "/global-env", { key: "GLOBAL", value: "x", group_name: "" });
    // As far as it gets: there is no engine here.
    await yard.admin.expect(503, "POST", "/stacks/shop/deploy");
  });
});

describe("Dockmesh's registries", () => {
  const directory = temporaryDirectory();
  const socket = join(directory.path, "docker.sock");
  const pulls: { readonly image: string | null; readonly credentials: unknown }[] = [];
  /** As much of an engine as a pull needs. */
  const engine = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, "http://engine");
    const header = String(request.headers["x-registry-auth"] ?? "");
    const credentials = header === "" ? undefined : JSON.parse(Buffer.from(header, "base64url").toString());
    pulls.push({ image: searchParams.get("fromImage"), credentials });
    response.setHeader("content-type", "application/json").end('{"status":"done"}\n');
  });
  const registry = createServer(({ headers }, response) => {
    const isKnown = headers.authorization === `Basic ${Buffer.from("ann:right").toString("base64")}`;
    response.writeHead(isKnown ? 200 : 401, { "www-authenticate": 'Basic realm="canary"' }).end("canary");
  });
  let url: string;
  before(async () => {
    await once(engine.listen(socket), "listening");
    await once(registry.listen(0, "127.0.0.1"), "listening");
    url = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  });
  after(() => {
    engine.close();
    registry.close();
    directory[Symbol.dispose]();
  });
  const yard = useDockmeshYard({ "docker-socket": socket, "registries-allow-networks": "127.0.0.0/8" });
  const path = "/settings/registries";

  test("are tried out, and how that went is told and remembered", async () => {
    const wanted = { name: "own", url: `https://${url}/`, username: "ann", password: "right" };
    const made = await yard.admin.expect(201, "POST", path, wanted);
    assert.deepEqual([made.url, made.has_password, made.scope_tags], [url, true, undefined]);
    const test = `${path}/${made.id}/test`;
    assert.deepEqual(await yard.admin.expect(200, "POST", test), { ok: true, status: "signed in", identity: true });
    const row = async () => (await yard.admin.expect<Record<string, unknown>[]>(200, "GET", path))[0]!;
    assert.deepEqual([(await row()).last_test_ok, (await row()).last_test_error], [true, undefined]);
    await yard.admin.expect(200, "PUT", `${path}/${made.id}`, { ...wanted, password: "wrong" });
    const failed = await yard.admin.ask("POST", test);
    assert.deepEqual([failed.status, failed.json.ok], [502, false]);
    assert.match(failed.json.error, /refuses that name and password/);
    assert.ok(!failed.text.includes("canary"));
    assert.deepEqual([(await row()).last_test_ok, typeof (await row()).last_test_error], [false, "string"]);
    await yard.admin.expect(204, "DELETE", `${path}/${made.id}`);
    await yard.admin.expect(404, "POST", test);
  });

  test("lend their credentials to pulls of their images, and no others", async () => {
    const credentials = { username: "bob", password: "canary-3" };
    const { id } = await yard.admin.expect(201, "POST", path, { name: "hub", url: "ghcr.io", ...credentials });
    const pull = (image: string) => yard.admin.ask("POST", "/images/pull", { image });
    assert.equal((await pull("ghcr.io/team/app:1")).status, 200);
    assert.equal((await pull("quay.io/team/app:1")).status, 200);
    const kept = await yard.admin.expect(200, "PUT", `${path}/${id}`, {
      name: "hub",
      url: "ghcr.io",
      scope_tags: ["X"],
    });
    assert.deepEqual([kept.has_password, kept.scope_tags], [true, ["x"]]);
    assert.equal((await pull("ghcr.io/team/app:1")).status, 200); // this host has no such tag
    const asked = pulls.filter(({ image }) => image !== null);
    assert.deepEqual(
      asked.map(({ image }) => image),
      ["ghcr.io/team/app", "quay.io/team/app", "ghcr.io/team/app"],
    );
    assert.deepEqual(
      asked.map((one) => one.credentials),
      [credentials, undefined, undefined],
    );
    const shown = await yard.admin.ask("GET", path);
    assert.ok(!`${shown.text}${JSON.stringify(auditLog(yard.opened.data))}`.includes("canary"));
    await yard.admin.expect(409, "POST", path, { name: "again", url: "https://GHCR.io/" });
    await yard.admin.expect(400, "POST", path, { name: "bad", url: "quay.io", scope_tags: ["no tag"] });
  });
});

describe("Dockmesh's audit log", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });
  type Entries = readonly {
    id: number;
    action: string;
    user_id: string;
    details: string;
    prev_hash: string;
    row_hash: string;
  }[];

  test("is listed newest first, by the beginning of actions and by user", async () => {
    await yard.admin.expect(201, "POST", "/users", { username: "carl", password: "right password" });
    await yard.admin.expect(200, "PUT", "/settings", { proxy_enabled: "true" });
    const entries = await yard.admin.expect<Entries>(200, "GET", "/audit");
    assert.equal(entries[0]?.action, "settings.update");
    assert.deepEqual(JSON.parse(entries[0].details), {
      ...{ proxy_enabled: "true", api: "dockmesh", outcome: "done", ip: "127.0.0.1" },
    });
    for (const [index, { prev_hash }] of entries.slice(0, -1).entries())
      assert.equal(prev_hash, entries[index + 1]?.row_hash);
    const users = await yard.admin.expect<Entries>(200, "GET", "/audit?action=user.");
    assert.deepEqual(new Set(users.map(({ action }) => action)), new Set(["user.create"]));
    assert.deepEqual(await yard.admin.expect(200, "GET", "/audit?user_id=nobody"), []);
    const own = await yard.admin.expect<Entries>(200, "GET", `/audit?limit=1&user_id=${yard.admin.userId}`);
    assert.deepEqual([own.length, own[0]?.user_id], [1, yard.admin.userId]);
    assert.equal((await yard.admin.expect<Entries>(200, "GET", "/audit?limit=5000")).length, entries.length);
    const preview = (await yard.admin.expect<{ preview: object }>(200, "GET", "/audit/retention")).preview;
    assert.deepEqual(
      { ...preview, oldest_at: "" },
      {
        ...{ mode: "forever", would_prune: 0, total_rows: entries.length, oldest_at: "" },
      },
    );
  });

  test("is for those who may read it", async () => {
    const [viewer, operator] = [await yard.makeUser("viewer"), await yard.makeUser("operator")];
    for (const path of ["/audit", "/audit/verify", "/audit/retention"]) {
      await viewer.expect(403, "GET", path);
      await operator.expect(200, "GET", path);
      assert.equal((await yard.ask("GET", path)).status, 401);
    }
  });

  test("says which entry somebody has changed behind its back", async () => {
    const { verified } = await yard.admin.expect<{ verified: number }>(200, "GET", "/audit/verify");
    assert.ok(verified >= 2);
    const database = new DatabaseSync(join(yard.opened.data, "runyard.db"));
    database.prepare("update audit_entries set details = 'broken' where seq = 2").run();
    database.close();
    const broken = await yard.admin.expect(200, "GET", "/audit/verify");
    assert.deepEqual(
      [broken.ok, broken.verified_rows, broken.verified, broken.broken, broken.first_broken_id, broken.first_break],
      [false, 1, 1, 1, 2, 2],
    );
    assert.match(String(broken.break_reason), /entry 2 was changed/);
    assert.equal((await yard.admin.ask("GET", "/audit")).status, 200);
  });
});

describe("What Dockmesh's API does not do here", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });

  test("answers 501 to who may ask, and says no more to others", async () => {
    const nobody = await makeNobody();
    for (const { operations } of laterAreas)
      for (const [method, path, gate] of operations) {
        const url = path.replaceAll(/:\w+/g, "1");
        const reply = await yard.admin.ask(method, url, method === "GET" ? undefined : {});
        assert.equal(reply.status, 501, `${method} ${url}`);
        assert.match(reply.json.error, /: this server does not do that\.$/);
        assert.equal((await yard.ask(method, url)).status, gate === "open" ? 501 : 401, `${method} ${url}`);
        const expected = gate === "open" || gate === "signed-in" ? 501 : 403;
        assert.equal((await nobody.ask(method, url)).status, expected, `${method} ${url}`);
      }
  });

  for (const path of [
    ...["/auth/oidc/providers", "/oidc/providers", "/backups/jobs", "/backups/runs?limit=50", "/backups/targets"],
    ...["/notifications/channels", "/proxy/routes", "/migrations?limit=5", "/migrations/active"],
  ])
    test(`${path} is empty`, async () => assert.deepEqual(await yard.admin.expect(200, "GET", path), []));

  test("the proxy is off", async () => {
    const { enabled, running, admin_ok } = await yard.admin.expect(200, "GET", "/proxy/status");
    assert.deepEqual([enabled, running, admin_ok], [false, false, false]);
  });

  /** Somebody without any permission. */
  async function makeNobody(): Promise<Caller> {
    await yard.admin.expect(201, "POST", "/roles", { name: "nobody", display: "Nobody", permissions: [] });
    return yard.makeUser("nobody");
  }
});
