/** Limits of processes. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import type { Limits } from "../sandbox.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function limits({ driver, shell, exec }: Suite): void {
  /** Only where they are enforced; else asking for them must be refused. */
  async function whereLimited(context: TestContext, limits: Limits, check: () => Promise<void>): Promise<void> {
    const { can } = driver();
    if (can.limits && can.processLimits !== false) return check();
    await assert.rejects(exec({ argv: ["true"], limits }), { code: "precondition" });
    if (!can.limits) context.skip("the driver cannot limit here");
  }

  test("a memory limit ends what exceeds it, and says so", (context) => {
    const memoryBytes = 48 * 1024 * 1024;
    return whereLimited(context, { memoryBytes }, async () => {
      // A shell variable that doubles: no program needed but sh.
      const script = "x=0123456789abcdef; while :; do x=$x$x; done";
      const process = await shell(script, { limits: { memoryBytes, memoryAndSwapBytes: memoryBytes } });
      const exit = await process.exited;
      assert.notEqual(exit.code, 0);
      assert.equal(exit.outOfMemory, true);
    });
  });

  test("a limit on processes holds", (context) =>
    whereLimited(context, { processes: 10 }, async () => {
      const script = "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; echo all";
      const process = await shell(script, { limits: { processes: 10 } });
      await until(async () => (await textSoFar(process)) !== "" || process.exit);
      const { pids } = await process.usage();
      assert.ok(pids.length <= 10, `${pids.length} processes`);
      await process.stop({ graceMs: 0 });
    }));
}
