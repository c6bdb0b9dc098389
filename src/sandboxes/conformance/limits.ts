/** Limits of processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function limits({ driver, shell, exec }: Suite): void {
  test("a memory limit ends what exceeds it, and says so", async (context) => {
    const memoryBytes = 48 * 1024 * 1024;
    if (!driver().can.limits) {
      const refused = exec({ argv: ["true"], limits: { memoryBytes } });
      await assert.rejects(refused, { code: "precondition" });
      return context.skip("the driver cannot limit here");
    }
    // A shell variable that doubles: no program needed but sh.
    const script = "x=0123456789abcdef; while :; do x=$x$x; done";
    const process = await shell(script, { limits: { memoryBytes, memoryAndSwapBytes: memoryBytes } });
    const exit = await process.exited;
    assert.notEqual(exit.code, 0);
    assert.equal(exit.outOfMemory, true);
  });

  test("a limit on processes holds", async (context) => {
    if (!driver().can.limits) return context.skip("the driver cannot limit here");
    const script = "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; echo all";
    const process = await shell(script, { limits: { processes: 10 } });
    await until(async () => (await textSoFar(process)) !== "" || process.exit);
    const { pids } = await process.usage();
    assert.ok(pids.length <= 10, `${pids.length} processes`);
    await process.stop({ graceMs: 0 });
  });
}
