/** Pause and resume, of drivers that can. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../platform/testing/until.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function pauses({ driver, sandbox, shell, exec }: Suite): void {
  test("what is paused stands still, and goes on where it was", async () => {
    const { pausing } = sandbox();
    if (!pausing) return;
    assert.notEqual(driver().can.pause, "none");
    const process = await shell("i=0; while :; do echo $((i=i+1)); sleep 0.01; done");
    await until(async () => (await process.output.size()) > 0);
    await pausing.pause();
    await pausing.pause();
    const size = await process.output.size();
    await sleep(150); // long enough for ten lines
    assert.equal(await process.output.size(), size);
    await assert.rejects(exec({ argv: ["true"] }), { code: "precondition" });
    await pausing.resume();
    await until(async () => (await process.output.size()) > size);
    await process.stop({ graceMs: 0 });
    const lines = (await textSoFar(process)).trim().split("\n").map(Number);
    assert.deepEqual(
      lines,
      lines.map((_, i) => i + 1),
    );
  });

  test("a paused sandbox can be destroyed", async () => {
    const made = await driver().create({ id: `paused-${Date.now()}` });
    const process = made.pausing && (await made.exec({ id: "sleeper", argv: ["sleep", "300"] }));
    await made.pausing?.pause();
    await made.destroy({ graceMs: 0 });
    if (process) assert.ok((await process.exited).at > 0);
  });
}
