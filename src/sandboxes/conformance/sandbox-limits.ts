/** Limits of whole sandboxes, of drivers that have them: who reaches one is told so, and nobody else notices. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import type { Limits, Process, Sandbox } from "../sandbox.ts";
import { outputOf, type Suite, textSoFar } from "./suite.ts";

const mib = 1024 * 1024;

export function limitsSandboxes({ driver, sandbox, isEmulated }: Suite): void {
  /** In a sandbox of its own beside the one of the suite, which must go on as if nothing were. */
  async function limited(limits: Limits, check: (made: Sandbox) => Promise<void>): Promise<void> {
    if (!driver().can.ownFiles) {
      const refused = driver().create({ id: randomUUID(), limits });
      await assert.rejects(refused, { code: "precondition" });
      return;
    }
    const made = await driver().create({ id: randomUUID(), limits });
    try {
      await check(made);
      const neighbour = await sandbox().exec({ id: randomUUID(), argv: ["sh", "-c", "echo well"] });
      assert.equal(await outputOf(neighbour), "well\n");
    } finally {
      await made.destroy({ graceMs: 0 });
    }
  }
  const shell = (made: Sandbox, script: string): Promise<Process> =>
    made.exec({ id: randomUUID(), argv: ["sh", "-c", script] });

  test("a memory bomb is the end of its process, not of its sandbox", () =>
    limited({ memoryBytes: 64 * mib, memoryAndSwapBytes: 64 * mib }, async (made) => {
      const bomb = await shell(made, "x=0123456789abcdef; while :; do x=$x$x; done");
      const exit = await bomb.exited;
      assert.deepEqual([exit.signal, exit.outOfMemory], ["SIGKILL", true]);
      assert.equal(await outputOf(await shell(made, "echo alive")), "alive\n");
      assert.ok(((await made.usage?.())?.memoryBytes ?? 0) < 64 * mib);
    }));

  test("what is written to memory leaves room for the rest", () =>
    limited({ memoryBytes: 32 * mib, memoryAndSwapBytes: 32 * mib }, async (made) => {
      const bytes = isEmulated ? 20_000_000 : 60_000_000;
      const { code, signal } = await (await shell(made, `head -c ${bytes} /dev/zero >/dev/shm/big`)).exited;
      assert.notDeepEqual([code, signal], [0, null]);
      assert.equal(await outputOf(await shell(made, "echo alive")), "alive\n");
    }));

  test("a fork bomb runs into the limit of processes, and ends with its sandbox", async () => {
    let bomb: Process | undefined;
    await limited({ processes: 32 }, async (made) => {
      const many = await shell(made, "i=0; while [ $i -lt 100 ]; do sleep 300 & i=$((i+1)); done");
      assert.notEqual((await many.exited).code, 0);
      assert.match(await textSoFar(many), /fork/i);
      bomb = await shell(made, "bomb() { bomb | bomb & }; while :; do bomb; sleep 0.01; done 2>/dev/null");
      for (let look = 0; look < 10; look++) assert.ok(((await made.usage?.())?.processes ?? 0) <= 32);
    });
    if (bomb) assert.ok((await bomb.exited).at > 0);
  });

  test("a full disk is the sandbox's own", async () => {
    if (driver().can.diskLimit === false) {
      const refused = driver().create({ id: randomUUID(), limits: { diskBytes: 32 * mib } });
      await assert.rejects(refused, { code: "precondition" });
      return;
    }
    await limited({ diskBytes: 32 * mib }, async (made) => {
      const filler = await shell(made, "dd if=/dev/zero of=/root/big bs=1M count=60; df -P /root >/dev/null; echo $?");
      await filler.exited;
      assert.match(await textSoFar(filler), /No space left on device/i);
      async function* tooMuch() {
        for (let i = 0; i < 40; i++) yield Buffer.alloc(mib);
      }
      if (made.files) await assert.rejects(made.files.write("/root/more", tooMuch()), { code: "storage_full" });
      const used = (await made.usage?.())?.diskBytes ?? 0;
      assert.ok(used > 20 * mib && used <= 32 * mib, `${used} bytes`);
      await made.files?.remove("/root/big");
      assert.equal(
        await outputOf(await shell(made, "rm -f /root/more; echo room >/root/small; cat /root/small")),
        "room\n",
      );
    });
  });

  test("CPU time is counted, and no more is given than the limit", () =>
    limited({ cpus: 0.25 }, async (made) => {
      const busy = await shell(made, "while :; do :; done");
      const first = await until(async () => {
        const now = await made.usage?.();
        return now && now.cpuUs > 20_000 ? { ...now, at: performance.now() } : undefined;
      });
      const second = await until(async () => {
        const now = await made.usage?.();
        return performance.now() - first.at > 600 && now ? { ...now, at: performance.now() } : undefined;
      });
      const cores = (second.cpuUs - first.cpuUs) / 1_000 / (second.at - first.at);
      assert.ok(cores > 0.02 && cores < 0.5, `${cores} cores`);
      await busy.stop({ graceMs: 0 });
    }));
}
