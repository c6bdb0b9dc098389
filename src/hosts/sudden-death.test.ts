import assert from "node:assert/strict";
import { test } from "node:test";
import { skipUnless } from "../platform/testing/parts.ts";
import { until } from "../platform/testing/until.ts";
import { findPrograms } from "../sandboxes/namespace/availability.ts";
import { openTestHost } from "./test-host.ts";

const rounds = 12;
const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));

test("what an agent has said it started goes on, however soon it is killed", { skip }, async () => {
  await using host = await openTestHost();
  const sandbox = await host.driver("namespace").create({ id: "lives-on" });
  for (let round = 0; round < rounds; round++) {
    const { pid } = await host.info();
    const id = `process-${round}`;
    await sandbox.exec({ id, argv: ["sleep", "1000"] });
    process.kill(pid, "SIGKILL");
    await until(async () => (await host.info()).pid !== pid);
    const found = (await sandbox.processes()).find((one) => one.id === id);
    assert.ok(found && !found.exit, `in round ${round} it has ended`);
    await sandbox.forget(id);
  }
});
