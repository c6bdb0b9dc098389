/** How sandboxes are made, found again and destroyed. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function keepsSandboxes({ driver }: Suite): void {
  test("creating a sandbox twice makes one, destroying it leaves nothing", async () => {
    const id = `twice-${randomUUID()}`;
    const one = await driver().create({ id });
    const two = await driver().create({ id });
    const process = await one.exec({ id: randomUUID(), argv: ["sh", "-c", "sleep 300 & sleep 300"] });
    assert.deepEqual(
      (await two.processes()).map(({ pid }) => pid),
      [process.pid],
    );
    await one.destroy({ graceMs: 0 });
    assert.ok((await process.exited).at > 0);
    await assert.rejects(driver().reattach(one.handle), { code: "not_found" });
  });

  test("a handle, also one that was stored, leads back to the sandbox and what runs in it", async () => {
    const made = await driver().create({ id: `back-${randomUUID()}` });
    const { id, pid } = await made.exec({ id: randomUUID(), argv: ["sh", "-c", "echo here; sleep 300"] });
    const found = await driver().reattach(JSON.parse(JSON.stringify(made.handle)));
    const [process] = await found.processes();
    assert.ok(process);
    assert.deepEqual([process.id, process.pid], [id, pid]);
    await until(async () => (await textSoFar(process)) === "here\n");
    await found.destroy({ graceMs: 0 });
  });

  test("a sandbox that was never made is not found", async () => {
    const handle = { driver: driver().name, version: 1, id: "never-made" } as const;
    await assert.rejects(driver().reattach(handle), { code: "not_found" });
  });
}
