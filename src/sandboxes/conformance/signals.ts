/** Signals, stops, usage, and what is forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { collect, type Suite, textSoFar } from "./suite.ts";

export function signalsAndStops({ exec, shell, sandbox, isEmulated }: Suite): void {
  test("a signal goes to the whole group", async () => {
    const script =
      'trap "echo outer; wait; exit 7" USR1; (trap "echo inner; exit" USR1; echo up; while :; do sleep 0.05; done) & wait; wait';
    const process = await shell(script);
    await until(async () => (await textSoFar(process)).includes("up"));
    await process.signal("SIGUSR1");
    assert.equal((await process.exited).code, 7);
    const text = await textSoFar(process);
    assert.ok(text.includes("outer") && text.includes("inner"), text);
  });

  test("a signal that is none is refused, one to a process that has ended does nothing", async () => {
    const process = await exec({ argv: ["true"] });
    await process.exited;
    await process.signal("SIGTERM");
    const wrong = "SIGNONE" as "SIGTERM";
    await assert.rejects(process.signal(wrong), { code: "invalid" });
  });

  test("stop lets a process end by itself", async () => {
    const process = await shell('trap "echo bye; exit 9" TERM; echo up; while :; do sleep 0.05; done');
    await until(async () => (await textSoFar(process)) === "up\n");
    const exit = await process.stop({ graceMs: 20_000 });
    assert.equal(exit.code, 9);
    assert.ok((await textSoFar(process)).endsWith("bye\n"));
    assert.deepEqual(await process.stop({ graceMs: 0 }), exit);
  });

  test("stop kills what does not listen to SIGTERM", async () => {
    const process = await shell('trap "" TERM; echo up; while :; do sleep 0.05; done');
    await until(async () => (await textSoFar(process)) === "up\n");
    const exit = await process.stop({ graceMs: 200 });
    assert.equal(exit.signal, "SIGKILL");
  });

  test("what a process leaves behind in its group ends with it, and prints no more", async () => {
    const process = await shell("(trap '' TERM HUP; while :; do echo tick; sleep 0.01; done) & sleep 0.1; exit 0");
    assert.equal((await process.exited).code, 0);
    const size = await process.output.size();
    assert.ok(size > 0);
    const rest = await collect(process.output.follow({ position: 0 })); // ends, as nothing can come
    assert.equal(rest.length, size);
    assert.equal(await process.output.size(), size);
  });

  test("usage counts the whole tree", async () => {
    const process = await shell("sh -c 'while :; do :; done' & sleep 60 & wait");
    await process.usage();
    const usage = await until(async () => {
      const now = await process.usage();
      return now.pids.length >= 3 && now.cpuPercent > 5 ? now : undefined;
    });
    assert.ok(usage.pids.includes(process.pid));
    assert.ok(usage.rssBytes > (isEmulated ? 0 : 100_000)); // kernels of that age count the first pages of a process late
    assert.ok(usage.openFiles >= 9);
    await process.stop({ graceMs: 0 });
    assert.deepEqual(await process.usage(), { cpuPercent: 0, rssBytes: 0, openFiles: 0, pids: [] });
  });

  test("a forgotten process is gone with its output, running or not", async () => {
    for (const script of ["echo x", "echo x; sleep 60"]) {
      const process = await shell(script);
      await until(async () => (await textSoFar(process)) !== "");
      await sandbox().forget(process.id);
      assert.ok((await process.exited).at > 0);
      assert.ok(!(await sandbox().processes()).some(({ id }) => id === process.id));
      await assert.rejects(process.output.read({ position: 0, maxBytes: 1 }), { code: "not_found" });
    }
  });
}
