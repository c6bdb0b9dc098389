/** Notification channels as Wrenn's clients know them, and what comes out of them when something happens. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { type AnyBody, askWrenn, type SignedUp, signUp, type WrennRequest } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { failing, startReceiver, type TestReceiver } from "../src/notifications/testing.ts";
import { createLog } from "../src/platform/log.ts";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";

const logged: string[] = [];
let opened: OpenedYard;
let receiver: TestReceiver;
let ada: SignedUp;
let ben: SignedUp;
before(async () => {
  receiver = await startReceiver();
  const flags = { "notifications.allow-networks": "127.0.0.1", "capsules.driver": "namespace" };
  const log = createLog({ level: "trace", destination: { write: (line) => void logged.push(line) } });
  opened = await openTestYard(flags, { log });
  ada = await signUp(opened.url, "ada");
  ben = await signUp(opened.url, "ben");
});
after(async () => {
  await opened[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

interface ChannelBody {
  readonly id: string;
  readonly name: string;
  readonly events: readonly string[];
  readonly secret?: string;
  readonly last_error?: string;
  readonly last_delivered_at?: string;
}

const ask = <Body = AnyBody>(method: string, path: string, request?: WrennRequest) =>
  askWrenn<Body>(opened.url, method, path, { token: ada.token, ...request });

/** The status, and the code of the error if it is one. */
async function outcome(method: string, path: string, request?: WrennRequest): Promise<readonly unknown[]> {
  const { status, json } = await ask(method, path, request);
  return status < 400 ? [status] : [status, json.error.code];
}

const hook = (name: string, changes: object = {}) => ({
  ...{ name, provider: "webhook", config: { url: receiver.url }, events: ["capsule.created"] },
  ...changes,
});

async function make(body: object): Promise<ChannelBody> {
  const { status, text, json } = await ask<ChannelBody>("POST", "/v1/channels", { body });
  assert.equal(status, 201, text);
  return json;
}

describe("channels", () => {
  test("are made, listed and looked at, a webhook's secret told once", async () => {
    const { status, headers, json } = await ask("POST", "/v1/channels", { body: hook(" My Hook ") });
    assert.deepEqual([status, headers.get("cache-control")], [201, "no-store"]);
    const { id, secret, created_at, updated_at, ...rest } = json;
    assert.match(id, /^ch-[0-9a-z]{25}$/);
    assert.match(String(secret), /^[0-9a-f]{64}$/);
    assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(updated_at, created_at);
    const shown = { name: "my-hook", provider: "webhook", events: ["capsule.created"], team_id: ada.teamId };
    assert.deepEqual(rest, shown);
    const listed = { id, created_at, updated_at, ...shown };
    assert.deepEqual((await ask("GET", `/v1/channels/${id}`)).json, listed);
    assert.deepEqual((await ask<unknown[]>("GET", "/v1/channels")).json[0], listed);
    assert.deepEqual(await outcome("DELETE", `/v1/channels/${id}`), [204]);
    assert.deepEqual(await outcome("DELETE", `/v1/channels/${id}`), [204]);
    assert.deepEqual(await outcome("GET", `/v1/channels/${id}`), [404, "not_found"]);
  });

  test("are changed as a whole, and their secrets replaced without being told", async () => {
    const { id } = await make(hook("first"));
    await make(hook("second"));
    const change = (body: object) => ask<ChannelBody>("PATCH", `/v1/channels/${id}`, { body });
    const { json } = await change({ name: "Renamed One", events: ["host.up", "host.down"] });
    assert.deepEqual([json.name, [...json.events].sort()], ["renamed-one", ["host.down", "host.up"]]);
    assert.deepEqual(await outcome("PATCH", `/v1/channels/${id}`, { body: { name: "second", events: ["host.up"] } }), [
      409,
      "conflict",
    ]);
    for (const body of [
      { name: "x" },
      { events: ["host.up"] },
      { name: "x", events: [] },
      { name: "x", events: ["y"] },
    ])
      assert.equal((await change(body)).status, 400);
    const rotated = await ask<ChannelBody>("PUT", `/v1/channels/${id}/config`, {
      body: { config: { url: receiver.url } },
    });
    assert.deepEqual([rotated.status, rotated.json.secret, rotated.json.name], [200, undefined, "renamed-one"]);
    for (const config of [{}, { url: 7 }, { secret: "x" }])
      assert.deepEqual(await outcome("PUT", `/v1/channels/${id}/config`, { body: { config } }), [
        400,
        "invalid_request",
      ]);
    assert.deepEqual(await outcome("POST", "/v1/channels", { body: hook("SECOND") }), [409, "conflict"]);
  });

  for (const [what, body] of [
    ["no JSON", "{"],
    ["no name", { name: undefined }],
    ["a name with a slash", { name: "a/b" }],
    ["an unknown provider", { provider: "pager" }],
    ["an unknown event", { events: ["capsule.created", "capsule.dreamt"] }],
    ["no event", { events: [] }],
    ["no config", { config: undefined }],
    ["a config that is no object", { config: "x" }],
    ["a config that lacks something", { provider: "matrix", config: { room_id: "r" } }],
  ] as const)
    test(`with ${what} are not made`, async () => {
      const sent = typeof body === "string" ? body : hook("never", body);
      assert.deepEqual(await outcome("POST", "/v1/channels", { body: sent }), [400, "invalid_request"]);
      const { json } = await ask<ChannelBody[]>("GET", "/v1/channels");
      assert.ok(!json.some(({ name }) => name === "never"));
    });

  test("are the team's alone: another's are not there, and a key opens none", async () => {
    const { id } = await make(hook("mine"));
    const { token } = ben;
    const body = { name: "theirs", events: ["host.up"] };
    assert.deepEqual(await outcome("GET", `/v1/channels/${id}`, { token }), [404, "not_found"]);
    assert.deepEqual(await outcome("PATCH", `/v1/channels/${id}`, { token, body }), [404, "not_found"]);
    const config = { url: receiver.url };
    assert.deepEqual(await outcome("PUT", `/v1/channels/${id}/config`, { token, body: { config } }), [
      404,
      "not_found",
    ]);
    assert.deepEqual(await outcome("DELETE", `/v1/channels/${id}`, { token }), [204]);
    assert.deepEqual((await ask("GET", "/v1/channels", { token })).json, []);
    assert.equal((await ask("GET", `/v1/channels/${id}`)).status, 200);
    for (const nonsense of ["nonsense", ada.teamId, `ch-${"z".repeat(25)}`])
      assert.deepEqual(await outcome("GET", `/v1/channels/${nonsense}`), [400, "invalid_request"]);
    const { key } = ada;
    assert.deepEqual(await outcome("GET", "/v1/channels", { token: undefined, key }), [401, "unauthorized"]);
  });

  test("go with their team", async () => {
    const { json: team } = await ask("POST", "/v1/teams", { body: { name: "Passing" } });
    const { json: there } = await ask("POST", "/v1/auth/switch-team", { body: { team_id: team.id } });
    const { token } = there;
    assert.deepEqual(await outcome("POST", "/v1/channels", { token, body: hook("passing") }), [201]);
    assert.deepEqual(await outcome("DELETE", `/v1/teams/${team.id}`, { token }), [204]);
    assert.deepEqual(await outcome("GET", "/v1/channels", { token }), [404, "not_found"]);
    using database = new DatabaseSync(join(opened.data, "runyard.db"), { readOnly: true });
    const channels = database.prepare("select id from channels where name = 'passing'");
    await until(() => channels.all().length === 0);
  });
});

describe("trying one out", () => {
  const attempt = (config: object, provider = "webhook") =>
    ask("POST", "/v1/channels/test", { body: { provider, config } });

  test("sends a test, signed, and keeps nothing", async () => {
    const before = (await ask("GET", "/v1/channels")).text;
    const { status, json } = await attempt({ url: `${receiver.url}/try`, secret: "word" });
    assert.deepEqual([status, json], [200, { status: "ok" }]);
    const { headers, body } = receiver.received.find(({ path }) => path === "/try") ?? assert.fail();
    const { timestamp, ...event } = JSON.parse(body);
    assert.match(timestamp, /Z$/);
    assert.deepEqual(event, {
      ...{ event: "channel.test", team_id: "test" },
      ...{ actor: { type: "system" }, resource: { id: "test", type: "channel" } },
    });
    const signed = createHmac("sha256", "word").update(`${headers["x-wrenn-timestamp"]}.${body}`).digest("hex");
    assert.equal(headers["x-wrenn-signature"], `sha256=${signed}`);
    assert.equal((await ask("GET", "/v1/channels")).text, before);
  });

  test("says why it did not arrive, and not what was answered", async () => {
    await using broken = await startReceiver(failing);
    for (const [config, provider, reason] of [
      [{ url: broken.url }, "webhook", /status 500/],
      [{ url: "http://169.254.169.254/latest" }, "webhook", /link-local/],
      [{ url: "http://[::1]:7700/" }, "webhook", /loopback/],
      [{ url: "nonsense" }, "webhook", /config\.url/],
      [{ webhook_url: receiver.url }, "slack", /config\.webhook_url/],
      [{}, "discord", /config\.webhook_url/],
    ] as const) {
      const { status, json, text } = await attempt(config, provider);
      assert.deepEqual([status, json.error.code], [400, "invalid_request"], text);
      assert.match(json.error.message, reason);
      assert.doesNotMatch(text, /secret of the receiver/);
    }
  });
});

test("what happens to a capsule and a template is told, with who did it", { skip: skipWithoutNamespaces }, async () => {
  await using inbox = await startReceiver();
  const events = ["capsule.created", "capsule.paused", "capsule.running", "capsule.destroyed"];
  const all = [...events, "template.snapshot.created", "template.snapshot.deleted"];
  const { id: channel } = await make(hook("all", { config: { url: inbox.url }, events: all }));
  const { key } = ada;
  const created = await ask("POST", "/v1/capsules", { key, body: {} });
  assert.equal(created.status, 201, created.text);
  const { id } = created.json;
  for (const [method, path, body] of [
    ["POST", `/v1/capsules/${id}/pause`, undefined],
    ["POST", "/v1/snapshots", { sandbox_id: id, name: "kept" }],
    ["POST", `/v1/capsules/${id}/resume`, undefined],
    ["DELETE", "/v1/snapshots/kept", undefined],
    ["DELETE", `/v1/capsules/${id}`, undefined],
  ] as const) {
    const { status, text } = await ask(method, path, { body });
    assert.ok(status < 300, text);
  }
  await until(() => inbox.received.length === 6);
  const told = inbox.received.map(({ body }) => JSON.parse(body));
  const of = (name: string) => told.find(({ event }) => event === name);
  for (const name of events) assert.deepEqual(of(name)?.resource, { id, type: "sandbox" }, name);
  assert.deepEqual(of("template.snapshot.created")?.resource, { id: "kept", type: "snapshot" });
  const { id: keyId, ...actor } = of("capsule.created").actor;
  assert.match(keyId, /^key-[0-9a-z]{25}$/);
  assert.deepEqual(actor, { type: "api_key", name: "test" });
  assert.deepEqual(of("capsule.destroyed").actor, { type: "user", id: ada.userId, name: "ada" });
  assert.ok(told.every(({ team_id }) => team_id === ada.teamId));
  const { json } = await ask<ChannelBody>("GET", `/v1/channels/${channel}`);
  assert.match(json.last_delivered_at ?? "", /Z$/);
});

test("no secret is in any reply, log line, audit entry or row", async () => {
  const secret = "hush-hush-hush";
  const body = hook("quiet", { config: { url: `${receiver.url}/${secret}`, secret } });
  const { id } = await make(body);
  await ask("PUT", `/v1/channels/${id}/config`, { body: { config: body.config } });
  await ask("POST", "/v1/channels/test", {
    body: { provider: "webhook", config: { url: `${receiver.url}/${secret}` } },
  });
  using database = new DatabaseSync(join(opened.data, "runyard.db"), { readOnly: true });
  const row = database.prepare("select * from channels where name = 'quiet'").get();
  const shown = [
    (await ask("GET", "/v1/channels")).text,
    (await ask("GET", `/v1/channels/${id}`)).text,
    JSON.stringify(row),
    JSON.stringify(auditLog(opened.data)),
    ...logged,
  ];
  assert.ok(row && logged.length > 0);
  for (const text of shown) assert.ok(!text.includes(secret), text.slice(0, 200));
});

test("every change is in the audit log", () => {
  const actions = new Set(auditLog(opened.data).map(({ action }) => action));
  for (const action of ["create", "update", "configure", "test", "delete"])
    assert.ok(actions.has(`channel.${action}`), action);
});
