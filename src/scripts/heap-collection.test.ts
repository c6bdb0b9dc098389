import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { createTestClock, type TestClock } from "../identity/testing.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import type { HeapImage } from "./engine/heap-image.ts";
import { createHeapStore, mostSources } from "./engine/heap-store.ts";
import { openTestPool, type TestPool } from "./engine/testing.ts";
import { endWithout } from "./execution.ts";
import { createExecutionJournal, type ExecutionJournal } from "./execution-journal.ts";
import { createHeapCollection } from "./heap-collection.ts";
import { createHeapPacks } from "./heap-packs.ts";
import { forgetOldExecutions, forgetOldSessions, forgetTeam } from "./retention.ts";
import { dayMs, largeBytes, openTestHeaps, putHeap, requireSound, type TestHeaps } from "./testing-heaps.ts";

const keepUsedMs = 30 * dayMs;
const teams = ["lab", "rival"] as const;
const heapId = (number: number) => String(number).padStart(64, "0");

/** What may happen, in any order. Heaps are numbers. */
const heap = fc.nat(5);
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant("run" as const),
      heap,
      from: fc.option(heap),
      session: fc.option(fc.nat(2)),
      isLarge: fc.nat(9).map((one) => one === 0),
      /** It may have been cancelled in between: then there is a heap that nothing names. */
      isRecorded: fc.nat(3).map((one) => one > 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("use" as const), heap }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("tag" as const), heap }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("untag" as const), heap }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("wait" as const), days: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("collect" as const) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;
type Run = Event & { does: "run" };
const history = fc.array(fc.tuple(fc.constantFrom(...teams), event), { minLength: 20, maxLength: 60 });

interface ModelHeap {
  usedAt: number;
  isTagged: boolean;
  readonly packs: readonly string[];
}

/** What should be there, in plain sight. Names are `team heap` and `team session`. */
interface Model {
  readonly heaps: Map<string, ModelHeap>;
  executions: { readonly names: readonly string[]; readonly at: number }[];
  readonly sessions: Map<string, { readonly names: string[]; usedAt: number }>;
}

const executionDays = 50;
const sessionDays = 60;

interface Stage {
  readonly team: string;
  readonly model: Model;
  readonly parts: TestHeaps<TestClock>;
  readonly journal: ExecutionJournal;
}

/** As an execution does: uses what it resumes, stores what it leaves against that, and is recorded. */
async function runOnce(run: Run, { team, model, parts, journal }: Stage): Promise<void> {
  const now = parts.clock.now();
  const from = run.from === null ? undefined : model.heaps.get(`${team} ${heapId(run.from)}`);
  const heapIn = from && run.from !== null ? heapId(run.from) : null;
  if (heapIn !== null) assert.ok(await parts.heaps.use(team, heapIn));
  if (from) from.usedAt = now;
  const id = randomUUID();
  if (run.isRecorded)
    await journal.write({
      kind: "began",
      execution: { id, teamId: team, createdAt: now, session: null, heapIn, instanceId: "host_1" },
    });
  const heapOut = heapId(run.heap);
  await save(heapOut, from?.packs ?? [], run.isLarge, { team, model, parts });
  if (!run.isRecorded) return;
  const step =
    run.session === null ? undefined : { session: `${run.session}`, heapIn, heapOut, fsOut: null, source: "" };
  const end = { ...endWithout("completed", ""), heapOut };
  await journal.write({
    kind: "ended",
    executionId: id,
    teamId: team,
    at: now,
    end,
    pieces: [],
    tags: undefined,
    step,
  });
  const names = [heapOut, heapIn].flatMap((name) => (name === null ? [] : [`${team} ${name}`]));
  model.executions.push({ names, at: now });
  if (run.session === null) return;
  const session = model.sessions.get(`${team} ${run.session}`);
  model.sessions.set(`${team} ${run.session}`, { names: [...(session?.names ?? []), ...names], usedAt: now });
}

async function save(
  id: string,
  inherited: readonly string[],
  isLarge: boolean,
  { team, model, parts: { packs, clock } }: Omit<Stage, "journal">,
): Promise<void> {
  const known = model.heaps.get(`${team} ${id}`);
  assert.equal((await packs.use({ teamId: team, id })) !== undefined, known !== undefined);
  if (known) {
    known.usedAt = clock.now();
    return;
  }
  const sources = inherited.slice(0, mostSources);
  const own = await putHeap(packs, { teamId: team, id }, { sources, bytes: isLarge ? largeBytes : 10 });
  model.heaps.set(`${team} ${id}`, { usedAt: clock.now(), isTagged: false, packs: [own, ...sources] });
}

/** What is old is forgotten as time goes by. */
async function wait(days: number, { model, parts: { clock, database } }: Stage): Promise<void> {
  clock.advance(days * dayMs);
  const now = clock.now();
  await forgetOldExecutions(database.kysely, { maxAgeMs: executionDays * dayMs, maxExecutions: 1e6 }, now);
  model.executions = model.executions.filter(({ at }) => at >= now - executionDays * dayMs);
  await forgetOldSessions(database, { maxSessionAgeMs: sessionDays * dayMs }, now);
  for (const [name, { usedAt }] of model.sessions) if (usedAt < now - sessionDays * dayMs) model.sessions.delete(name);
}

async function collect({ model, parts }: Stage): Promise<void> {
  // So little at a time that a round takes several passes, from wherever the last one has stopped.
  const collection = createHeapCollection({ ...parts, keepUsedMs, mostPerPass: 3 });
  for (let pass = 0; pass < 10; pass++) await collection.pass();
  const named = new Set([...model.executions, ...model.sessions.values()].flatMap(({ names }) => names));
  for (const [name, { usedAt, isTagged }] of model.heaps)
    if (usedAt < parts.clock.now() - keepUsedMs && !isTagged && !named.has(name)) model.heaps.delete(name);
  assert.deepEqual(await requireSound(parts), [...model.heaps.keys()].sort());
}

async function happen(event: Event, stage: Stage): Promise<void> {
  const { team, model, parts } = stage;
  const { heaps, clock } = parts;
  if (event.does === "run") return runOnce(event, stage);
  if (event.does === "wait") return wait(event.days, stage);
  if (event.does === "collect") return collect(stage);
  const id = heapId(event.heap);
  const known = model.heaps.get(`${team} ${id}`);
  if (event.does === "untag") await heaps.removeTags(team, id);
  else if (event.does === "use") assert.equal(await heaps.use(team, id), known !== undefined);
  else if (known) await heaps.setTags(team, id, { a: "b" });
  else await assert.rejects(heaps.setTags(team, id, { a: "b" }), { code: "not_found" });
  if (known && event.does === "untag") known.isTagged = false;
  else if (known) known.usedAt = clock.now();
  if (known && event.does === "tag") known.isTagged = true;
}

let engine: TestPool;
before(() => {
  engine = openTestPool();
});
after(() => engine[Symbol.asyncDispose]());

eachDialect("heap collection", (open) => {
  test("what can be reached stays and can be read, everything else goes, whatever happened before", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    await using journal = createExecutionJournal(parts.database);
    await fc.assert(
      fc.asyncProperty(history, async (events) => {
        const model: Model = { heaps: new Map(), executions: [], sessions: new Map() };
        for (const [team, event] of events) await happen(event, { team, model, parts, journal });
        await collect({ team: "lab", model, parts, journal });
        for (const team of teams) await forgetTeam(parts.database, team, parts.clock);
        assert.deepEqual(await requireSound(parts), []);
        for (const table of ["executions", "script_steps", "script_sessions", "heap_tags", "heap_packs"] as const)
          assert.deepEqual(await parts.database.kysely.selectFrom(table).selectAll().execute(), [], table);
        await createHeapCollection({ ...parts, keepUsedMs }).pass();
        assert.deepEqual(await parts.blobs.list("heaps/", { limit: 10 }), []);
      }),
      { numRuns: 10 },
    );
  });

  test("of a hundred steps the last one is kept: it resumes, and of the others only a few packs are left", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    const { packs, clock, heaps, database } = parts;
    const team = { id: "lab", key: new Uint8Array(32) };
    const store = createHeapStore({ packs, cacheBytes: 64e6 });
    let last: HeapImage = await engine.pool.base();
    for (let step = 0; step < 100; step++) {
      const source = `globalThis.list = [...(globalThis.list ?? []), "step ${step} ".repeat(50)]; list.length`;
      const ran = await engine.run(source, { heap: last, keepHeap: true });
      await store.save(ran.heap!, { team, parent: last });
      last = ran.heap!;
    }
    await heaps.setTags("lab", last.id, { keep: "this" });
    clock.advance(31 * dayMs);
    const { heaps: collected } = await createHeapCollection({ ...parts, keepUsedMs }).pass();
    assert.equal(collected, 100, "99 steps, and the memory that they began with");
    assert.deepEqual(await requireSound(parts), [`lab ${last.id}`]);
    const left = await database.kysely.selectFrom("heap_packs").select("id").execute();
    assert.ok(left.length <= mostSources + 1, `${left.length} packs`);
    const loaded = await createHeapStore({ packs, cacheBytes: 0 }).load(last.id, { team });
    const resumed = await engine.run("[list.length, list[0].slice(0, 6), list[99].slice(0, 7)]", { heap: loaded });
    assert.deepEqual(resumed.value, [100, "step 0", "step 99"]);
    // And goes on, from what is left.
    const next = await engine.run("list.push('new'); list.length", { heap: loaded, keepHeap: true });
    await store.save(next.heap!, { team, parent: loaded });
    const again = await createHeapStore({ packs, cacheBytes: 0 }).load(next.heap!.id, { team });
    assert.equal((await engine.run("list.length", { heap: again })).value, 101);
  });

  test("who saves, resumes or tags while heaps are collected gets all of it or a clear answer, and keeps it", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    const { packs, clock, heaps, database } = parts;
    const collection = createHeapCollection({ ...parts, keepUsedMs });
    let made = 0;
    for (let round = 0; round < 6; round++) {
      const old = Array.from({ length: 12 }, () => heapId(made++));
      const sources = await Promise.all(old.map((id) => putHeap(packs, { teamId: "lab", id })));
      clock.advance(31 * dayMs);
      const kept = new Set<string>();
      const keepIf = (id: string) => (done: unknown) => void (done === false || kept.add(`lab ${id}`));
      const ifGone = (code: "not_found" | "conflict") => (error: unknown) => {
        if (!isYardError(error, code)) throw error;
        return false;
      };
      await Promise.all([
        collection.pass(),
        ...old.flatMap((id, at) => {
          const next = heapId(made++);
          const against = [sources[at]!, sources[(at + 1) % sources.length]!];
          return [
            at % 3 === 0 && heaps.use("lab", id).then(keepIf(id)),
            at % 3 === 1 &&
              heaps
                .setTags("lab", id, { round: String(round) })
                .catch(ifGone("not_found"))
                .then(keepIf(id)),
            putHeap(packs, { teamId: "lab", id: next }, { sources: against, bytes: at === 0 ? largeBytes : 10 })
              .catch(ifGone("conflict"))
              .then(keepIf(next)),
          ];
        }),
        collection.pass(),
      ]);
      const there = new Set(await requireSound(parts));
      assert.deepEqual(
        [...kept].filter((name) => !there.has(name)),
        [],
      );
      await forgetTeam(database, "lab", clock);
    }
  });

  test("blobs of packs that were never finished go after an hour, and one that comes too late is refused", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    const { blobs, clock, database } = parts;
    const collection = createHeapCollection({ ...parts, keepUsedMs });
    const late = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    await using slow = createHeapPacks({
      ...{ database, clock },
      blobs: {
        ...blobs,
        async put(...given: Parameters<typeof blobs.put>) {
          const stored = await blobs.put(...given);
          reached.resolve();
          await late.promise;
          return stored;
        },
      },
    });
    const saving = putHeap(slow, { teamId: "lab", id: heapId(1) }, { bytes: largeBytes });
    await reached.promise;
    await collection.pass();
    assert.equal((await blobs.list("heaps/", { limit: 10 })).length, 1, "it may still be wanted");
    clock.advance(2 * 3_600_000);
    await collection.pass();
    assert.deepEqual(await blobs.list("heaps/", { limit: 10 }), []);
    late.resolve();
    await assert.rejects(saving, { code: "conflict" });
    assert.deepEqual(await requireSound(parts), []);
  });

  test("a blob that cannot be deleted now is deleted later", async () => {
    await using parts = await openTestHeaps(open(), createTestClock());
    await putHeap(parts.packs, { teamId: "lab", id: heapId(1) }, { bytes: largeBytes });
    parts.clock.advance(31 * dayMs);
    const stuck = { ...parts.blobs, delete: () => Promise.reject(new Error("the disk is away")) };
    await assert.rejects(createHeapCollection({ ...parts, blobs: stuck, keepUsedMs }).pass(), /away/);
    assert.deepEqual(await requireSound(parts), []);
    assert.equal((await parts.blobs.list("heaps/", { limit: 10 })).length, 1);
    await createHeapCollection({ ...parts, keepUsedMs }).pass();
    assert.deepEqual(await parts.blobs.list("heaps/", { limit: 10 }), []);
  });
});
