import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { skipUnless } from "../platform/testing/parts.ts";
import { until } from "../platform/testing/until.ts";
import { describeSandboxDriver } from "../sandboxes/conformance.ts";
import { findPrograms } from "../sandboxes/namespace/availability.ts";
import type { SandboxDriver } from "../sandboxes/sandbox.ts";
import { openTestHost } from "./test-host.ts";

async function openThroughAgent(name: string): Promise<SandboxDriver> {
  const host = await openTestHost();
  const driver = host.driver(name);
  return {
    ...driver,
    get can() {
      return driver.can;
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

describeSandboxDriver("host, through the agent", () => openThroughAgent("host"));

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));
describeSandboxDriver("namespace, through the agent", () => openThroughAgent("namespace"), { skip });

test("a handle on a process outlives the agent that started it", async () => {
  await using host = await openTestHost();
  const sandbox = await host.driver("host").create({ id: randomUUID() });
  const argv = ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done"];
  const process_ = await sandbox.exec({ id: "counter", argv });
  const following = text(process_.output.follow({ position: 0 }));
  const { pid } = await host.info();
  process.kill(pid, "SIGKILL");
  await until(async () => (await host.info()).pid !== pid);
  assert.equal(await following, "1\n2\n3\n");
  const { code, signal } = await process_.exited;
  assert.deepEqual({ code, signal }, { code: null, signal: null });
  await sandbox.destroy({ graceMs: 0 });
});

test("a process that was forgotten has ended in a way nobody can tell", async () => {
  await using host = await openTestHost();
  const sandbox = await host.driver("host").create({ id: randomUUID() });
  const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
  await sandbox.forget("sleeper");
  assert.equal((await sleeper.exited).code, null);
});

test("a driver that the host does not have is not usable", async () => {
  await using host = await openTestHost();
  const driver = host.driver("nothing");
  const availability = await driver.available();
  assert.equal(availability.usable, false);
  assert.throws(() => driver.can, { code: "unavailable" });
  await assert.rejects(driver.create({ id: "x" }), { code: "not_found" });
});
