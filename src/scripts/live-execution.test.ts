import assert from "node:assert/strict";
import test from "node:test";
import { systemClock } from "../platform/clock.ts";
import { YardError } from "../platform/errors.ts";
import { createLog } from "../platform/log.ts";
import { until } from "../platform/testing/until.ts";
import { endWithout } from "./execution.ts";
import type { JournalRecord } from "./execution-journal.ts";
import { createLiveExecution } from "./live-execution.ts";

/** A journal whose first writes fail with these errors. */
function openLive(errors: readonly unknown[] = [], begun = Promise.resolve()) {
  const written: JournalRecord[] = [];
  const failures = [...errors];
  let tries = 0;
  const closing = new AbortController();
  const journal = {
    async write(record: JournalRecord) {
      tries++;
      if (failures.length > 0) throw failures.shift();
      written.push(record);
    },
    async [Symbol.asyncDispose]() {},
  };
  const parts = { journal, clock: systemClock, log: createLog({ level: "silent" }), closing: closing.signal };
  const live = createLiveExecution(
    { id: "e", teamId: "t", begun },
    { ...parts, essential: <T>(work: () => Promise<T>) => work() },
  );
  return { live, written, closing, tries: () => tries };
}

const textOf = (records: readonly JournalRecord[]) =>
  records
    .flatMap((record) => (record.kind === "began" ? [] : record.pieces))
    .map(({ position, bytes }) => `${position}:${Buffer.from(bytes)}`);

const completed = { ...endWithout("failed", ""), status: "completed", error: null, result: "1" } as const;

test("what is printed is gathered, and written with the end what is left of it", async () => {
  const { live, written } = openLive();
  for (const text of ["a", "b\n"]) live.print(Buffer.from(text));
  await live.flush();
  live.print(Buffer.from("c"));
  await live.end(completed);
  live.print(Buffer.from("too late"));
  await live.flush();
  assert.deepEqual(textOf(written), ["0:ab\n", "3:c"]);
});

test("lines that could not be written are written with what comes next", async () => {
  const { live, written } = openLive([new YardError("storage_full", "full")]);
  live.print(Buffer.from("a"));
  await live.flush();
  live.print(Buffer.from("b"));
  await live.end(completed);
  assert.deepEqual(textOf(written), ["0:ab"]);
});

test("lines are written by themselves a moment after they were printed", async () => {
  const { live, written } = openLive();
  live.print(Buffer.from("a"));
  await until(() => written.length > 0);
  assert.deepEqual(textOf(written), ["0:a"]);
});

test("the first end counts", async () => {
  const { live, written } = openLive();
  const ends = [live.end(endWithout("cancelled", "x")), live.end(completed)];
  assert.ok(live.signal.aborted, "at once");
  assert.deepEqual(await Promise.all(ends), [true, false]);
  await live.ended;
  assert.deepEqual(
    written.map((record) => record.kind === "ended" && record.end.status),
    ["cancelled"],
  );
});

test("nothing is written of one whose beginning could not be saved, nor before it is", async () => {
  const begun = Promise.withResolvers<void>();
  const { live, written, tries } = openLive([], begun.promise);
  live.print(Buffer.from("a"));
  const printed = live.flush();
  const ended = live.end(completed);
  await new Promise(setImmediate);
  assert.equal(tries(), 0);
  begun.reject(new YardError("storage_full", "full"));
  await Promise.all([printed, ended, live.ended]);
  assert.deepEqual([written, live.signal.aborted], [[], true]);
});

const staged = { teamId: "t", id: "h", packId: "p", bytes: new Uint8Array(1), sources: [], at: 0 };
const withoutHeap = (error: unknown) => endWithout("failed", `Error saving heap: ${(error as Error).message}`);

test("a memory is written with its end", async () => {
  const { live, written } = openLive();
  await live.end({ ...completed, heapOut: "h" }, { heap: { save: (commit) => commit(staged) }, tags: { a: "b" } });
  assert.deepEqual(
    written.map((record) => record.kind === "ended" && [record.end.status, record.heap, record.tags]),
    [["completed", staged, { a: "b" }]],
  );
});

test("an end whose memory cannot be saved says so, and keeps what was printed", async () => {
  const { live, written } = openLive([new YardError("storage_full", "full")]);
  live.print(Buffer.from("a"));
  await live.end(
    { ...completed, heapOut: "h" },
    { heap: { save: (commit) => commit(staged) }, tags: { a: "b" }, withoutHeap },
  );
  const [record] = written;
  assert.ok(record?.kind === "ended" && written.length === 1);
  assert.deepEqual(
    [record.end.status, record.end.heapOut, record.heap, record.tags],
    ["failed", null, undefined, undefined],
  );
  assert.equal(record.end.error, "Error saving heap: full");
  assert.deepEqual(textOf(written), ["0:a"]);
});

test("an end that finds no room on the disk is recorded when there is some", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { live, written, tries } = openLive([
    new YardError("storage_full", "full"),
    new YardError("storage_full", "full"),
  ]);
  const ended = live.end(completed);
  for (let expected = 1; expected <= 3; expected++) {
    while (tries() < expected) await new Promise(setImmediate);
    await new Promise(setImmediate);
    t.mock.timers.tick(6_000);
  }
  assert.equal(await ended, true);
  assert.deepEqual(
    written.map((record) => record.kind === "ended" && record.end.status),
    ["completed"],
  );
});

test("an end that the database does not take, not even alone, becomes one that says so", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const refused = new Error("a value that is no text");
  const { live, written, tries } = openLive([refused, refused]);
  const ended = live.end(completed);
  for (let expected = 1; expected <= 2; expected++) {
    while (tries() < expected) await new Promise(setImmediate);
    await new Promise(setImmediate);
    t.mock.timers.tick(6_000);
  }
  await ended;
  const [record] = written;
  assert.ok(record?.kind === "ended");
  assert.deepEqual([record.end.status, record.end.result], ["failed", null]);
  assert.match(record.end.error ?? "", /could not be recorded/);
});

test("an end that was refused because of another in the same commit is recorded as it is", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { live, written, tries } = openLive([new Error("a value of another's")]);
  const ended = live.end(completed);
  while (tries() < 1) await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.mock.timers.tick(6_000);
  await ended;
  assert.deepEqual(
    written.map((record) => record.kind === "ended" && record.end.status),
    ["completed"],
  );
});

test("while the server stops nobody waits for a database that does not answer", async () => {
  const { live, closing, written } = openLive([new YardError("unavailable", "closed")]);
  closing.abort();
  await live.end(completed);
  assert.deepEqual(written, []);
});
