/** What App Mesh's clients have set outlives the server, its schedules do not wait for it, and all of it is on the audit log. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { auditLog } from "./support/audit-log.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

describe("a server that is killed and started again", { timeout: 120_000 }, () => {
  let yard: RunningYard;
  let admin: AppMesh;
  before(async () => {
    yard = await startYard();
    admin = await logIn(yard.url, "admin", adminPassword);
  });
  after(() => yard?.[Symbol.asyncDispose]());

  const startsOf = async () => (await admin.expect("GET", "/app/ticks")).json<{ starts: number }>().starts;

  test("knows configuration, labels, users, roles and schedules; the schedule went on meanwhile", async () => {
    await admin.expect("POST", "/config", { body: { BaseConfig: { Description: "the rack in the cellar" } } });
    await admin.expect("PUT", "/label/rack?value=7");
    await admin.expect("POST", "/role/reader", { body: ["app-view-all"] });
    await admin.expect("PUT", "/user/reader", { body: { key: "a password", group: "readers", roles: ["reader"] } });
    await admin.expect("PUT", "/app/ticks", {
      body: { command: "date", cron: true, start_interval_seconds: "* * * * * *" },
    });
    await until(async () => (await startsOf()) >= 1, { what: "the schedule has begun" });
    const before = await startsOf();

    await yard.kill();
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // time that passes is what this is about
    await yard.start();
    admin = await logIn(yard.url, "admin", adminPassword);

    assert.ok((await startsOf()) >= before + 2, "it did not run while the server was away");
    const config = (await admin.expect("GET", "/config")).json<{ BaseConfig: Record<string, unknown> }>();
    assert.equal(config.BaseConfig.Description, "the rack in the cellar");
    assert.equal((await admin.expect("GET", "/labels")).json<Record<string, string>>().rack, "7");
    const reader = await logIn(yard.url, "reader", "a password");
    await reader.expect("GET", "/applications");
  });

  test("a change, a refusal and a file each leave an entry on the audit log", async () => {
    const path = join(yard.data, "..", "left here");
    await admin.expect("POST", "/file/upload", { headers: { "x-file-path": encodeURIComponent(path) }, body: "bytes" });
    assert.ok(existsSync(path));
    const reader = await logIn(yard.url, "reader", "a password");
    assert.equal((await reader.request("DELETE", "/app/ticks")).status, 400);
    await admin.expect("DELETE", "/app/ticks");
    const entries = auditLog(yard.data).map(({ actor, action, target, outcome }) =>
      [actor, action, target, outcome].join(" "),
    );
    for (const expected of [
      /^admin config\.\S+ .*done$/,
      /^admin label\.\S+ rack done$/,
      /^admin role\.\S+ reader done$/,
      /^admin user\.\S+ reader done$/,
      /^admin app\.\S+ ticks done$/,
      /^admin file\.\S+ .*left here done$/,
      /^reader permission\.denied .*denied$/,
    ]) {
      assert.ok(
        entries.some((entry) => expected.test(entry)),
        `${expected} is not among\n${entries.join("\n")}`,
      );
    }
  });
});
