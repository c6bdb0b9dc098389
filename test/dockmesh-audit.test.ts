/** Dockmesh's retention and webhook of the audit log over HTTP. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { failing, startReceiver } from "../src/notifications/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";

describe("Dockmesh's audit log", () => {
  const yard = useDockmeshYard({
    ...{ "docker-socket": "/nowhere/docker.sock", "notifications-allow-networks": "127.0.0.1" },
  });

  test("is kept for good, until somebody says for how long", async () => {
    const { config } = await yard.admin.expect(200, "GET", "/audit/retention");
    assert.deepEqual(config, { mode: "forever" });
    const wanted = { mode: "archive_local", days: 30, local_dir: "audit" };
    const { config: set, preview } = await yard.admin.expect<Record<string, Record<string, unknown>>>(
      ...([200, "PUT", "/audit/retention", wanted] as const),
    );
    assert.deepEqual(set, wanted);
    assert.deepEqual([preview?.mode, preview?.would_prune], ["archive_local", 0]);
    const run = await yard.admin.expect(200, "POST", "/audit/retention/run");
    assert.deepEqual([run.mode, run.pruned, run.archived], ["archive_local", 0, false]);
    assert.equal((await yard.admin.expect(200, "GET", "/audit/verify")).ok, true);
    const { text } = await yard.admin.ask("GET", "/audit?action=audit.retention");
    assert.match(text, /audit\.retention_update/);
    for (const [field, body] of [
      ["mode", { mode: "archive_target", days: 1, target_id: 1 }],
      ["mode", { mode: "sometimes" }],
      ["days", { mode: "days" }],
      ["days", { mode: "days", days: 0 }],
      ["local_dir", { mode: "archive_local", days: 1, local_dir: "/etc/cron.d" }],
    ] as const) {
      const { error } = await yard.admin.expect(400, "PUT", "/audit/retention", body);
      assert.ok(error.startsWith(field), error);
    }
    assert.deepEqual((await yard.admin.expect(200, "GET", "/audit/retention")).config, wanted);
  });

  test("is sent to a webhook, and the secret is never shown", async () => {
    await using receiver = await startReceiver();
    await using broken = await startReceiver(failing);
    await yard.admin.expect(400, "POST", "/audit/webhook/test");
    const wanted = { url: `${receiver.url}/hook`, secret: "the-secret", filter_actions: ["user"] };
    const set = await yard.admin.expect(200, "PUT", "/audit/webhook", wanted);
    assert.deepEqual(set, { url: wanted.url, has_secret: true, filter_actions: ["user"] });
    assert.deepEqual(await yard.admin.expect(200, "GET", "/audit/webhook"), set);
    assert.deepEqual(await yard.admin.expect(200, "POST", "/audit/webhook/test"), { status: "ok" });
    await yard.admin.expect(201, "POST", "/users", { username: "bob", password: "right password" });
    await until(() => receiver.received.length === 2);
    const entry = JSON.parse(receiver.received[1]!.body);
    const [listed] = await yard.admin.expect<readonly object[]>(200, "GET", "/audit?action=user.create&limit=1");
    assert.deepEqual(entry, listed);
    await yard.admin.expect(200, "PUT", "/audit/webhook", { url: broken.url });
    const { error } = await yard.admin.expect(502, "POST", "/audit/webhook/test");
    assert.match(error, /status 500/);
    assert.doesNotMatch((await yard.admin.ask("GET", "/audit")).text, /the-secret/);
    const off = await yard.admin.expect(200, "PUT", "/audit/webhook", {
      url: "",
      clear_secret: true,
      filter_actions: [],
    });
    assert.deepEqual(off, { url: "", has_secret: false, filter_actions: [] });
    const { error: refused } = await yard.admin.expect(400, "PUT", "/audit/webhook", { url: "x", filter_actions: [] });
    assert.ok(refused.startsWith("url"), refused);
  });

  test("is pruned and sent by those who manage the yard alone", async () => {
    const operator = await yard.makeUser("operator");
    await operator.expect(200, "GET", "/audit/retention");
    for (const [method, path, body] of [
      ["PUT", "/audit/retention", { mode: "forever" }],
      ["POST", "/audit/retention/run", undefined],
      ["GET", "/audit/webhook", undefined],
      ["PUT", "/audit/webhook", { url: "" }],
      ["POST", "/audit/webhook/test", undefined],
    ] as const) {
      await operator.expect(403, method, path, body);
      assert.equal((await yard.ask(method, path, body)).status, 401);
    }
  });
});
