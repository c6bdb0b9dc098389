import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { mostMessageBytes, mostMoves, type Push } from "./labels.ts";
import { openTestSnapshots } from "./testing.ts";

const id = (digit: number) => String(digit).repeat(64);
const refused = (work: Promise<unknown>, code: YardErrorCode, field?: string) =>
  assert.rejects(work, (error) => isYardError(error, code) && (field === undefined || error.field === field));

eachDialect("labels", (open) => {
  test("a label is made, moved and reset, and its log tells it, the oldest first", async () => {
    await using store = await openTestSnapshots(open);
    const { labels } = store.snapshots;
    await labels.set("t", "main", { id: id(1), message: "first" });
    store.clock.time += 1_000;
    await labels.set("t", "main", { id: id(2) });
    assert.deepEqual(await labels.push("t", "main", { id: id(3).toUpperCase(), expected: id(2) }), {
      status: "advanced",
      id: id(3),
    });
    await labels.reset("t", "main", { id: id(1) });
    const at = store.clock.time;
    assert.deepEqual(await labels.log("t", "main"), [
      { at: at - 1_000, from: null, to: id(1), operation: "create", message: "first" },
      { at, from: id(1), to: id(2), operation: "reset", message: null },
      { at, from: id(2), to: id(3), operation: "push", message: null },
      { at, from: id(3), to: id(1), operation: "reset", message: null },
    ]);
    assert.deepEqual(
      (await labels.log("t", "main", { limit: 2 })).map(({ to }) => to),
      [id(3), id(1)],
    );
    assert.deepEqual(await labels.log("t", "main", { limit: 0 }), []);
    assert.deepEqual(await labels.log("t", "unknown"), []);
    assert.equal(await labels.get("t", "main"), id(1));
    assert.equal(await labels.get("t", "unknown"), undefined);
  });

  for (const { what, head, push, result, operation } of [
    { what: "a new label", head: undefined, push: {}, result: "advanced", operation: "create" },
    { what: "a new label that is expected somewhere", head: undefined, push: { expected: id(5) }, result: "rejected" },
    {
      what: "a label that is where it is expected",
      head: id(5),
      push: { expected: id(5) },
      result: "advanced",
      operation: "push",
    },
    { what: "a label that is elsewhere", head: id(5), push: { expected: id(6) }, result: "rejected" },
    { what: "a label that is not expected to be", head: id(5), push: {}, result: "rejected" },
    {
      what: "any label by force",
      head: id(5),
      push: { force: true, expected: "garbage" },
      result: "advanced",
      operation: "reset",
    },
    { what: "a new label by force", head: undefined, push: { force: true }, result: "advanced", operation: "reset" },
  ] as { what: string; head?: string; push: Partial<Push>; result: string; operation?: string }[]) {
    test(`pushing ${what} is ${result}`, async () => {
      await using store = await openTestSnapshots(open);
      const { labels } = store.snapshots;
      if (head) await labels.set("t", "l", { id: head });
      const pushed = await labels.push("t", "l", { id: id(7), ...push });
      if (result === "rejected") {
        assert.deepEqual(pushed, { status: "rejected", current: head ?? null });
        assert.equal(await labels.get("t", "l"), head);
      } else {
        assert.deepEqual(pushed, { status: "advanced", id: id(7) });
        assert.equal((await labels.log("t", "l")).at(-1)?.operation, operation);
      }
    });
  }

  test("of any pushes and resets at once, exactly one that expects the head wins each time", async () => {
    await using store = await openTestSnapshots(open);
    const { labels } = store.snapshots;
    let label = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 2, maxLength: 6 }), async (resetsBefore) => {
        const name = `label ${label++}`;
        await labels.set("t", name, { id: id(0) });
        const work = resetsBefore.map(async (resets, index) => {
          for (let i = 0; i < resets; i++) await labels.reset("t", name, { id: id(0) });
          return await labels.push("t", name, { id: id(index + 1), expected: id(0) });
        });
        const pushed = await Promise.all(work);
        const log = await labels.log("t", name);
        const pushes = log.filter(({ operation }) => operation === "push");
        assert.equal(pushes.length, pushed.filter(({ status }) => status === "advanced").length);
        assert.ok(pushes.every(({ from }) => from === id(0)));
        for (const [index, move] of log.entries()) assert.equal(move.from, log[index - 1]?.to ?? null);
        assert.equal(log.at(-1)?.to, await labels.get("t", name));
        if (resetsBefore.every((resets) => resets === 0)) assert.equal(pushes.length, 1);
      }),
      { numRuns: 15 },
    );
  });

  test("a reset goes to where the label has been, elsewhere only when told so", async () => {
    await using store = await openTestSnapshots(open);
    const { labels } = store.snapshots;
    await labels.set("t", "l", { id: id(1) });
    await labels.set("t", "other", { id: id(2) });
    await refused(labels.reset("t", "l", { id: id(2) }), "precondition");
    await refused(labels.reset("t", "missing", { id: id(1) }), "precondition");
    await labels.reset("t", "missing", { id: id(2), allowUnlogged: true });
    assert.deepEqual(
      (await labels.log("t", "missing")).map(({ from, operation }) => ({ from, operation })),
      [{ from: null, operation: "reset" }],
    );
  });

  test("any text is a name, lists are in order and in pages, and teams see their own", async () => {
    await using store = await openTestSnapshots(open);
    const { labels } = store.snapshots;
    const names = [
      "",
      "-x",
      "../..",
      "a/b",
      "CON",
      "$(id)",
      "line\nbreak",
      "é",
      "🦊",
      "\u202e",
      "x".repeat(300),
      id(3),
    ].sort();
    for (const name of names) await labels.set("t", name, { id: id(1) });
    const listed = (await labels.list("t")).map(({ name }) => name);
    assert.deepEqual(listed.toSorted(), names);
    assert.deepEqual(await labels.list("other"), []);
    assert.equal(await labels.get("other", "-x"), undefined);
    const first = await labels.list("t", { limit: 5 });
    const rest = await labels.list("t", { after: first.at(-1)!.name });
    assert.deepEqual(
      [...first, ...rest].map(({ name }) => name),
      listed,
    );
  });

  test("what cannot be an id, a name or a message is refused, with the field, and changes nothing", async () => {
    await using store = await openTestSnapshots(open);
    const { labels } = store.snapshots;
    for (const bad of ["", "xyz", id(1).slice(1), `${id(1)}0`, `${id(1)}\n`]) {
      await refused(labels.set("t", "l", { id: bad }), "invalid", "id");
      await refused(labels.push("t", "l", { id: id(1), expected: bad }), "invalid", "expected");
    }
    for (const bad of ["nul\0", "\ud800", "x".repeat(1_025)]) {
      await refused(labels.set("t", bad, { id: id(1) }), "invalid", "label");
      assert.equal(await labels.get("t", bad), undefined);
    }
    const message = "x".repeat(mostMessageBytes + 1);
    await refused(labels.push("t", "l", { id: id(1), message }), "invalid", "message");
    assert.deepEqual(await labels.list("t"), []);
  });
});

test("a log keeps the newest moves", async () => {
  await using store = await openTestSnapshots();
  const { labels } = store.snapshots;
  const moves = Array.from({ length: mostMoves + 5 }, (_, i) => ({ id: i.toString(16).padStart(64, "0") }));
  await Promise.all(moves.map((move) => labels.set("t", "l", move))); // together, so that they share commits
  const { count } = await store.database.kysely
    .selectFrom("snapshot_moves")
    .select((select) => select.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  assert.equal(count, mostMoves);
  assert.equal((await labels.log("t", "l")).at(-1)?.to, await labels.get("t", "l"));
});
