/** Standard error in a log of its own, and what else a process carries for whoever started it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import type { OutputLog } from "../sandbox.ts";
import { collect, outputOf, type Suite } from "./suite.ts";

const textOf = async (log: OutputLog | undefined) =>
  (await log?.read({ position: 0, maxBytes: 1_000 }))?.bytes.toString();

export function separatesStreams({ driver, sandbox, shell }: Suite): void {
  test("standard error has a log of its own where that was asked for", async () => {
    const process = await shell("echo out; echo err >&2; printf more; printf worse >&2", { streams: "separate" });
    await process.exited;
    assert.equal(await textOf(process.output), "out\nmore");
    assert.equal(await textOf(process.errors), "err\nworse");
    assert.equal(await process.errors?.size(), 9);
    const merged = await shell("echo out; echo err >&2");
    assert.equal(await outputOf(merged), "out\nerr\n");
    assert.equal(merged.errors, undefined);
  });

  test("each of the two logs is followed to its end, and bounded by itself", async () => {
    const maxOutputBytes = 256 * 1024;
    const script = "seq 1000001 1100000; seq 1000001 1050000 >&2";
    const process = await shell(script, { streams: "separate", maxOutputBytes });
    await process.exited;
    assert.equal(await process.output.size(), 800_000);
    assert.equal(await process.errors?.size(), 400_000);
    for (const log of [process.output, process.errors]) {
      const { from } = (await log?.read({ position: 0, maxBytes: 8 })) ?? assert.fail("no log of errors");
      assert.ok(from > 0);
    }
    const tail = await collect(process.errors?.follow({ position: 399_992 }) ?? assert.fail("no log of errors"));
    assert.equal(tail.toString(), "1050000\n");
  });

  test("both logs are found again with the process, and go with it", async () => {
    const id = randomUUID();
    const first = await shell("echo out; echo err >&2; read x", { id, streams: "separate", stdin: "open" });
    await until(async () => (await first.errors?.size()) === 4);
    const found = (await sandbox().processes()).find((one) => one.id === id);
    assert.equal(await textOf(found?.errors), "err\n");
    await sandbox().forget(id);
    await assert.rejects(Promise.resolve(found?.errors?.size()), { code: "not_found" });
  });

  test("a terminal has one stream", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const refused = shell("true", { streams: "separate", terminal: { cols: 80, rows: 24 } });
    await assert.rejects(refused, { code: "invalid", field: "streams" });
  });

  test("what was given along with a process comes back with it", async () => {
    const id = randomUUID();
    const meta = { tag: "täg", list: [1, { a: null }] };
    assert.deepEqual((await shell("true", { id, meta })).meta, meta);
    const found = (await sandbox().processes()).find((one) => one.id === id);
    assert.deepEqual(found?.meta, meta);
  });

  test("a process is forgotten by itself in its time", async () => {
    const id = randomUUID();
    const process = await shell("echo x", { id, forgetAfterMs: 100 });
    await process.exited;
    const isThere = async () => (await sandbox().processes()).some((one) => one.id === id);
    await until(async () => !(await isThere()), { what: "it is forgotten" });
    await assert.rejects(process.output.size(), { code: "not_found" });
  });

  test("a process knows its number inside, where that is another", async () => {
    const process = await shell("echo $$");
    assert.equal(Number(await outputOf(process)), process.pidInside ?? process.pid);
  });
}
