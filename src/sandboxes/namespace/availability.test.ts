import assert from "node:assert/strict";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { withoutRootRights } from "../../platform/testing/without-root.ts";
import { openNamespaceDriver } from "./driver.ts";

test("an agent that may not make sandboxes says why, and refuses to pretend", async () => {
  using directory = temporaryDirectory();
  using _rights = withoutRootRights();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  const availability = await driver.available();
  assert.ok(!availability.usable);
  assert.match(availability.reason, /root/);
  assert.equal(driver.can.limits, false);
  await assert.rejects(driver.create({ id: "a" }), { code: "precondition", message: /root/ });
  await assert.rejects(driver.reattach({ driver: "namespace", version: 1, id: "a" }), { code: "not_found" });
  assert.deepEqual(await driver.sandboxes(), []);
});
