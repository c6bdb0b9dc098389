import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestClock } from "../identity/testing.ts";
import { eachDialect, openTestDatabase } from "../platform/db/testing.ts";
import { keptOutputBytes, watchMs } from "./live-outputs.ts";
import { ada, crew, newTask, openTestRoom, others, ran } from "./testing.ts";

const one = { limit: 1, waitMs: 0 };
const unseen = { stdout: 0, stderr: 0 };
const textOf = ({ bytes }: { bytes: Uint8Array }) => Buffer.from(bytes).toString();
const printing = () => newTask({ spec: { ...newTask().spec, keepsOutput: true } });
const printed = (position: number, text: string) => ({ position, bytes: Buffer.from(text) });

eachDialect("the output of running tasks", (open) => {
  test("a worker is told that somebody looks, once, and what it sends is seen, each byte once", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { workers, outputs } = room;
    const worker = await room.worker();
    const { uuid } = await room.tasks.submit(ada, printing());
    assert.equal(await outputs.watch([crew], uuid, unseen), undefined, "it does not run yet");
    const [task] = await workers.claim(worker, one);
    const holds = [uuid];
    assert.equal(await workers.sendOutput(worker, uuid, { stdout: printed(0, "x") }), false, "nobody looks");

    const news = workers.news(worker, { holds, sends: [], timeoutMs: 20_000 });
    const first = await outputs.watch([crew], uuid.toUpperCase(), unseen);
    assert.deepEqual([first && textOf(first.stdout), first && textOf(first.stderr)], ["", ""]);
    assert.deepEqual((await news).watched, [uuid]);
    assert.deepEqual((await workers.news(worker, { holds, sends: [uuid], timeoutMs: 0 })).watched, []);
    assert.deepEqual((await workers.news(worker, { holds, timeoutMs: 0 })).watched, [], "it cannot send any");

    assert.equal(await workers.sendOutput(worker, uuid, { stdout: printed(0, "one\n") }), true);
    assert.equal(
      await workers.sendOutput(worker, uuid, { stdout: printed(4, "two\n"), stderr: printed(0, "!") }),
      true,
    );
    const seen = await outputs.watch([crew], uuid, { stdout: 4, stderr: 0 });
    assert.deepEqual([seen?.stdout.position, seen && textOf(seen.stdout)], [4, "two\n"]);
    assert.equal(seen && textOf(seen.stderr), "!");
    assert.equal(await outputs.watch([others], uuid, unseen), undefined, "it is not theirs");
    const { uuid: silent } = await room.tasks.submit(ada, newTask());
    await workers.claim(worker, one);
    assert.equal(await outputs.watch([crew], silent, unseen), undefined, "it does not keep its output");
    await workers.report(worker, task!.id, ran);
    assert.equal(await outputs.watch([crew], uuid, unseen), undefined, "it is over");
  });

  test("of much the end is kept, and a task that another worker has begun anew is shown from its beginning", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { workers, outputs } = room;
    const [first, second] = [await room.worker(), await room.worker()];
    const { uuid } = await room.tasks.submit(ada, printing());
    await workers.claim(first, one);
    await outputs.watch([crew], uuid, unseen);
    const much = "x".repeat(keptOutputBytes);
    await workers.sendOutput(first, uuid, { stdout: printed(0, much) });
    await workers.sendOutput(first, uuid, { stdout: printed(much.length, "end") });
    const seen = await outputs.watch([crew], uuid, unseen);
    assert.deepEqual([seen?.stdout.position, seen?.stdout.bytes.length], [3, keptOutputBytes]);
    assert.ok(seen && textOf(seen.stdout).endsWith("xend"));

    await workers.unregister(first);
    await workers.claim(second, { limit: 1, waitMs: 20_000 });
    const looked = { stdout: much.length + 3, stderr: 0 };
    assert.equal((await outputs.watch([crew], uuid, looked))?.stdout.bytes.length, 0);
    assert.deepEqual((await workers.news(second, { holds: [uuid], sends: [], timeoutMs: 0 })).watched, [uuid]);
    assert.equal(await workers.sendOutput(first, uuid, { stdout: printed(0, "late") }), false);
    await workers.sendOutput(second, uuid, { stdout: printed(0, "anew") });
    const anew = await outputs.watch([crew], uuid, looked);
    assert.deepEqual([anew?.stdout.position, anew && textOf(anew.stdout)], [0, "anew"]);
  });
});

test("output at which nobody looks any more is not sent any more", async () => {
  const clock = createTestClock();
  await using database = await openTestDatabase("sqlite");
  await using room = await openTestRoom(database, { clock });
  const worker = await room.worker({ leaseMs: 3_600_000 });
  const { uuid } = await room.tasks.submit(ada, printing());
  await room.workers.claim(worker, one);
  await room.outputs.watch([crew], uuid, unseen);
  clock.advance(watchMs - 1);
  assert.equal(await room.workers.sendOutput(worker, uuid, {}), true);
  clock.advance(2);
  assert.equal(await room.workers.sendOutput(worker, uuid, {}), false);
});
