import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import type { Actor } from "./parts.ts";
import { openTestYard, script, type TestYard } from "./testing.ts";

let yard: TestYard;
let ann: Actor;
before(async () => {
  yard = await openTestYard();
  ann = await yard.addUser("ann");
});
after(() => yard[Symbol.asyncDispose]());

test("output is read page by page, from any position", async () => {
  await yard.apps.put(ann, "pages", script("printf 0123456789"), { enabled: true });
  const first = await yard.apps.output(ann, "pages", { position: -5, maxBytes: 4, waitForExitMs: 5_000 });
  assert.deepEqual([first.bytes.toString(), first.from, first.next, first.size, first.ended], ["0123", 0, 4, 10, true]);
  const second = await yard.apps.output(ann, "pages", { position: first.next, maxBytes: 100 });
  assert.deepEqual([second.bytes.toString(), second.next], ["456789", 10]);
  const end = await yard.apps.output(ann, "pages", { position: 10, maxBytes: 100 });
  assert.deepEqual([end.bytes.length, end.next], [0, 10]);
  await assert.rejects(yard.apps.output(ann, "pages", { position: 11, maxBytes: 1 }), { code: "invalid" });
});

test("older runs have an index and an id; what is not there is not found", async () => {
  const definition = script("echo $$; exit 1", { exit: { action: "keepalive", byCode: {} }, keepOutputs: 1 });
  await yard.apps.put(ann, "old", definition, { enabled: true });
  await until(async () => (await yard.apps.get(ann, "old")).runtime.starts >= 2);
  await yard.apps.disable(ann, "old");
  const { runs } = (await yard.apps.get(ann, "old")).runtime;
  const [older, byId] = await Promise.all([
    yard.apps.output(ann, "old", { position: 0, maxBytes: 100, index: 1 }),
    yard.apps.output(ann, "old", { position: 0, maxBytes: 100, runId: runs[1]?.id }),
  ]);
  assert.deepEqual(byId, older);
  assert.deepEqual([older.index, older.run.id], [1, runs[1]?.id]);
  await assert.rejects(yard.apps.output(ann, "old", { position: 0, maxBytes: 1, index: 2 }), {
    code: "not_found",
    field: "index",
  });
  await assert.rejects(yard.apps.output(ann, "old", { position: 0, maxBytes: 1, runId: "x" }), {
    code: "not_found",
    field: "runId",
  });
  await assert.rejects(yard.apps.follow(ann, "old", { position: 0, runId: "x" }), { code: "not_found" });
});

test("an app that was never started has no output", async () => {
  await yard.apps.put(ann, "never", script("true"), { enabled: false });
  await assert.rejects(yard.apps.output(ann, "never", { position: 0, maxBytes: 1 }), { code: "not_found" });
});

test("a wait ends with the process, or with its time, or when the reader leaves", async () => {
  await yard.apps.put(ann, "quiet", script("exec sleep 300"), { enabled: true });
  const began = performance.now();
  const page = await yard.apps.output(ann, "quiet", { position: 0, maxBytes: 1, waitForExitMs: 300 });
  assert.equal(page.ended, false);
  assert.ok(performance.now() - began >= 290);
  const signal = AbortSignal.timeout(50);
  const leaving = yard.apps.output(ann, "quiet", { position: 0, maxBytes: 1, waitForExitMs: 60_000, signal });
  await assert.rejects(leaving, { code: "interrupted" });
  const waiting = yard.apps.output(ann, "quiet", { position: 0, maxBytes: 1, waitForExitMs: 60_000 });
  await yard.apps.disable(ann, "quiet");
  assert.equal((await waiting).ended, true);
});

test("output is followed to its end", async () => {
  await yard.apps.put(ann, "followed", script("for i in 1 2 3; do echo $i; sleep 0.05; done"), { enabled: true });
  assert.equal(await text(await yard.apps.follow(ann, "followed", { position: -1 })), "1\n2\n3\n");
  assert.equal(await text(await yard.apps.follow(ann, "followed", { position: 2 })), "2\n3\n");
});
