import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { createTestClock, type TestClock } from "../identity/testing.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { openInstances } from "../platform/instances/instances.ts";
import { createLog } from "../platform/log.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import { openSnapshots, type Snapshots } from "../snapshots/snapshots.ts";
import { type EnginePool, openEnginePool } from "./engine/engine-pool.ts";
import { createHeapStore } from "./engine/heap-store.ts";
import { createHeapPacks } from "./heap-packs.ts";
import { forgetOldExecutions } from "./retention.ts";
import { openScripts, type ScriptSettings, type Scripts, type Submission } from "./scripts.ts";

const log = createLog({ level: "silent" });
const masterKey = Buffer.alloc(32, 7);
const settings: ScriptSettings = {
  engines: 1,
  maxWaiting: 100,
  keepHeaps: true,
  consoleFormat: "inspect",
  ceilings: { memoryMb: 32, outputBytes: 1024 ** 2 },
  maxFilesBytes: 64 * 1024 ** 2,
  retention: { maxAgeMs: 86_400_000, maxExecutions: 1_000, maxSessionAgeMs: 86_400_000 },
};

/** One for all: it takes a moment to start. */
let engine: EnginePool;
before(() => {
  engine = openEnginePool({ size: 1, maxQueued: 100, maxMemoryMb: 32, log: { warn() {} } });
});
after(() => engine[Symbol.asyncDispose]());

eachDialect("scripts", (open) => {
  let database: TestDatabase;
  let parts: AsyncDisposableStack;
  let scripts: Scripts;
  let clock: TestClock;
  let files: Snapshots;
  let start: (changes?: Partial<ScriptSettings>) => Promise<Scripts>;

  before(async () => {
    parts = new AsyncDisposableStack();
    database = parts.use(await open());
    clock = createTestClock();
    const directory = parts.use(temporaryDirectory());
    const blobs = parts.use(await openFileBlobStore({ directory: directory.path, clock }));
    files = openSnapshots({ database, blobs, clock });
    const packs = parts.use(createHeapPacks({ database, blobs, clock }));
    const essential = <T>(work: () => Promise<T>) => work();
    const self = { id: "host_1", name: "here" };
    const instances = parts.use(await openInstances({ database, clock, log, self, essential }));
    const bus = createBus<Topics>({ onError: (error) => assert.fail(String(error)) });
    start = (changes = {}) =>
      openScripts({
        ...{ database, instances, bus, clock, log, files, essential },
        engine: { ...engine, [Symbol.asyncDispose]: async () => {} },
        heapStore: createHeapStore({ packs, cacheBytes: 0 }),
        teamKey: (teamId) => deriveKey(masterKey, teamId),
        settings: { ...settings, ...changes },
      });
    scripts = parts.use(await start());
  });
  after(() => parts.disposeAsync());

  const run = async (submission: Submission, { team = "lab", by = scripts } = {}) => {
    const id = await by.submit(team, submission);
    return by.ended(team, id, { timeoutMs: 20_000 });
  };
  const textOf = async (id: string, team = "lab") =>
    (await scripts.output(team, id, { unit: "bytes", offset: 0, limit: 1_000 })).text;

  test("a script is run, and what it printed and ended with is kept", async () => {
    const ended = await run({ source: "console.log('hello'); console.warn({ a: 1 }); ({ sum: 1 + 1, f() {} })" });
    assert.deepEqual(
      [ended.status, ended.result, ended.lost, ended.error],
      ["completed", '{"sum":2}', ["$.f: a function"], null],
    );
    assert.match(ended.heapOut ?? "", /^[0-9a-f]{64}$/);
    assert.equal(await textOf(ended.id), "hello\n[WARN] { a: 1 }\n");
    assert.equal((await scripts.list("lab")).at(0)?.id, ended.id);
  });

  for (const [what, source, status, error] of [
    ["cannot be parsed", "const = 5", "failed", /^SyntaxError/],
    ["throws", "null.x", "failed", /^TypeError: .*\n.*main\.js:/],
    ["awaits what never comes", "await new Promise(() => {})", "failed", /never resolved/],
    ["takes too long", "for (;;) {}", "timed_out", /^Execution timed out$/],
    ["needs too much memory", "const a = []; for (;;) a.push(new Array(1e5).fill(1))", "failed", /^Out of memory/],
    ["fails with a NUL", "throw new Error('a\\0b')", "failed", /^Error: a\uFFFDb/],
  ] as const)
    test(`a script that ${what} leaves an error and no memory`, async () => {
      const ended = await run({ source: `console.log("before");\n${source}`, timeoutMs: 1_000, session: "bad" });
      assert.deepEqual([ended.status, ended.result, ended.heapOut], [status, null, null]);
      assert.match(ended.error ?? "", error);
      assert.equal(await textOf(ended.id), what === "cannot be parsed" ? "" : "before\n");
      assert.deepEqual(await scripts.sessions.steps("lab", "bad"), []);
    });

  test("output can be read while the script runs, and cancelling ends it for good", async () => {
    const id = await scripts.submit("lab", {
      source: "console.log('waiting'); await new Promise((r) => setTimeout(r, 60_000))",
    });
    await until(async () => (await textOf(id)) === "waiting\n");
    assert.equal((await scripts.get("lab", id)).status, "running");
    await scripts.cancel("lab", id);
    const cancelled = await scripts.get("lab", id);
    assert.deepEqual([cancelled.status, cancelled.error], ["cancelled", "Cancelled by user"]);
    await assert.rejects(scripts.cancel("lab", id), {
      code: "conflict",
      message: /is not running \(status: cancelled\)/,
    });
    assert.deepEqual(await run({ source: "1" }).then(({ status }) => status), "completed", "the engine is free again");
    assert.deepEqual(await scripts.get("lab", id), cancelled);
  });

  test("of two that cancel at once one does", async () => {
    const id = await scripts.submit("lab", { source: "for (;;) {}" });
    const results = await Promise.allSettled([scripts.cancel("lab", id), scripts.cancel("lab", id)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    assert.match(String(results[1]?.status === "rejected" && results[1].reason), /status: cancelled/);
  });

  test("one that waits for an engine is cancelled without ever running", async () => {
    const busy = await Promise.all([1, 2].map(() => scripts.submit("lab", { source: "for (;;) {}" })));
    const waiting = await scripts.submit("lab", { source: "console.log('ran')" });
    await scripts.cancel("lab", waiting);
    for (const id of busy) await scripts.cancel("lab", id);
    assert.equal((await run({ source: "1" })).status, "completed");
    assert.deepEqual([(await scripts.get("lab", waiting)).status, await textOf(waiting)], ["cancelled", ""]);
  });

  test("a memory is resumed as often as one likes, each time from where it was", async () => {
    const base = await run({ source: "globalThis.list = [1]; globalThis.push = (x) => list.push(x)" });
    const heap = base.heapOut ?? "";
    const [left, right] = await Promise.all([
      run({ source: "push('left'); list", heap }),
      run({ source: "push('right'); list", heap }),
    ]);
    assert.deepEqual([left.result, right.result], ['[1,"left"]', '[1,"right"]']);
    assert.equal((await run({ source: "list", heap: left.heapOut ?? "" })).result, '[1,"left"]');
    assert.equal(left.heapIn, heap);
  });

  test("a session goes on where its last completed run has stopped, and a heap that is named wins", async () => {
    const source = "globalThis.n = (globalThis.n ?? 0) + 1; n";
    const first = await run({ source, session: "count" });
    assert.equal((await run({ source, session: "count" })).result, "2");
    await run({ source: "n = 100; throw 1", session: "count" });
    assert.equal((await run({ source, session: "count" })).result, "3");
    assert.equal((await run({ source, session: "count", heap: first.heapOut ?? "" })).result, "2");
    assert.equal((await run({ source, session: "other" })).result, "1");
    const steps = await scripts.sessions.steps("lab", "count");
    assert.deepEqual(
      steps.map((step) => [step.source, step.heapIn === null]),
      [
        [source, true],
        [source, false],
        [source, false],
        [source, false],
      ],
    );
    assert.deepEqual((await scripts.sessions.list("lab")).slice(0, 2), ["other", "count"]);
  });

  test("nothing of a team exists for another: executions, heaps, sessions", async () => {
    const own = await run({
      source: "globalThis.secret = 42; console.log(secret)",
      session: "s",
      tags: { kind: "own" },
    });
    const heap = own.heapOut ?? "";
    const unknown = { code: "not_found", message: `Execution '${own.id}' not found` };
    await assert.rejects(scripts.get("rival", own.id), unknown);
    await assert.rejects(scripts.output("rival", own.id, { unit: "bytes", offset: 0, limit: 9 }), unknown);
    await assert.rejects(scripts.cancel("rival", own.id), unknown);
    await assert.rejects(scripts.ended("rival", own.id, { timeoutMs: 1 }), unknown);
    assert.deepEqual(await scripts.list("rival"), []);
    assert.deepEqual(await scripts.sessions.list("rival"), []);
    assert.deepEqual(await scripts.heaps.tags("rival", heap), {});
    assert.deepEqual(await scripts.heaps.findByTags("rival", { kind: "own" }), []);
    await assert.rejects(scripts.heaps.setTags("rival", heap, {}), { code: "not_found" });
    for (const resumed of [{ heap }, { session: "s" }])
      assert.equal((await run({ source: "typeof secret", ...resumed }, { team: "rival" })).result, '"undefined"');
    const running = await scripts.submit("lab", { source: "for (;;) {}" });
    await assert.rejects(scripts.cancel("rival", running), { code: "not_found" });
    assert.equal((await scripts.get("lab", running)).status, "running");
    await scripts.cancel("lab", running);
  });

  test("a heap that nobody has is a fresh start, and one that is damaged or lost is refused before anything is kept", async () => {
    for (const heap of ["f".repeat(64), "../../etc/passwd", "a\0b"])
      assert.equal((await run({ source: "typeof n", heap })).result, '"undefined"');
    const { heapOut } = await run({ source: "globalThis.n = Math.random()" });
    const heap = heapOut ?? "";
    const kept = await scripts.list("lab");
    const packId = database.kysely.selectFrom("heaps").select("pack_id").where("id", "=", heap);
    const damage = (bytes: Uint8Array | null) =>
      database.kysely.updateTable("heap_packs").set({ bytes }).where("id", "in", packId).execute();
    await damage(Buffer.from("forged"));
    await assert.rejects(scripts.submit("lab", { source: "n", heap }), { code: "precondition" });
    await damage(null); // it is said to be a blob, and there is none
    await assert.rejects(scripts.submit("lab", { source: "n", heap }), { code: "precondition" });
    assert.deepEqual(await scripts.list("lab"), kept);
  });

  test("tags find heaps again", async () => {
    const { heapOut } = await run({ source: "globalThis.tagged = 1", tags: { model: "a", step: "1" } });
    const heap = heapOut ?? "";
    assert.deepEqual(await scripts.heaps.findByTags("lab", { model: "a", step: "1" }), [
      { heap, tags: { model: "a", step: "1" } },
    ]);
    assert.deepEqual(await scripts.heaps.findByTags("lab", { model: "a", step: "2" }), []);
    await scripts.heaps.setTags("lab", heap, { step: "2" });
    assert.deepEqual(await scripts.heaps.tags("lab", heap), { step: "2" });
    await scripts.heaps.removeTags("lab", heap, ["none"]);
    await scripts.heaps.removeTags("lab", heap);
    assert.deepEqual(await scripts.heaps.tags("lab", heap), {});
  });

  for (const [what, submission, field] of [
    ["a tag without a name", { tags: { "": "x" } }, "tags"],
    ["a tag with a NUL", { tags: { x: "\0" } }, "tags"],
    ["too many tags", { tags: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, ""])) }, "tags"],
    ["a long session name", { session: "x".repeat(257) }, "session"],
  ] as const)
    test(`${what} is refused, and nothing is kept`, async () => {
      const before = await scripts.list("lab");
      await assert.rejects(scripts.submit("lab", { source: "1", ...submission }), { code: "invalid", field });
      assert.deepEqual(await scripts.list("lab"), before);
    });

  test("files are mounted from a label or a snapshot, changed, and left as a new snapshot", async () => {
    const write = "await fs.writeFile('a/b.txt', 'one'); await fs.symlink('a/b.txt', 'link'); await fs.readdir('/')";
    const first = await run({ source: write, fs: "main" });
    assert.equal(first.result, '["a","link"]', first.error ?? "");
    const id = first.fsOut ?? "";
    assert.equal(await files.labels.get("lab", "main"), undefined, "no label moves by itself");
    await files.labels.push("lab", "main", { id });
    const read = `await fs.appendFile('a/b.txt', '+two');
      const { size } = await fs.stat('link');
      ({ text: await fs.readFile('link', 'utf8'), size, gone: await fs.exists('nothing') })`;
    const second = await run({ source: read, fs: "main" });
    assert.equal(second.result, '{"text":"one+two","size":7,"gone":false}', second.error ?? "");
    assert.equal((await run({ source: "await fs.readFile('a/b.txt', 'utf8')", fs: id.toUpperCase() })).result, '"one"');
    assert.equal((await run({ source: "1", fs: id })).fsOut, id, "what is not changed has the same id");
    const moves = `await fs.copyFile('a/b.txt', 'c'); await fs.rename('c', 'd'); await fs.unlink('link'); await fs.rm('a', { recursive: true });
      [await fs.readdir('/'), (await fs.lstat('d')).isFile()]`;
    assert.equal((await run({ source: moves, fs: id })).result, '[["d"],true]');
  });

  test("file errors are the script's to catch, and nothing outside of the mount exists", async () => {
    const caught = async (call: string) => {
      const { result, error } = await run({
        source: `let seen; try { await fs.${call}; } catch (error) { seen = [error.code, error.message]; } seen`,
        fs: "empty",
      });
      return JSON.parse(result || `["none", ${JSON.stringify(error)}]`);
    };
    assert.deepEqual((await caught("readFile('none')"))[0], "ENOENT");
    assert.match((await caught("readFile('../../etc/passwd')"))[1], /^fs\.readFile: .*: ENOENT/);
    assert.equal((await caught("rm('none')"))[0], "ENOENT");
    assert.equal((await run({ source: "typeof fs" })).result, '"undefined"', "without a mount there is none");
  });

  test("a snapshot that the team does not have fails the run, and nothing is left", async () => {
    const { fsOut } = await run({ source: "await fs.writeFile('secret', 'x')", fs: "main" });
    for (const fs of ["f".repeat(64), fsOut ?? ""]) {
      const ended = await run({ source: "1", fs }, { team: "rival" });
      assert.deepEqual([ended.status, ended.fsOut, ended.heapOut], ["failed", null, null]);
      assert.match(ended.error ?? "", /^fs mount: There is no snapshot/);
    }
  });

  test("without kept memories nothing is resumed or left", async () => {
    await using stateless = await start({ keepHeaps: false });
    const submission = { source: "globalThis.n = (globalThis.n ?? 0) + 1; n", session: "stateless", tags: { a: "b" } };
    await run(submission, { by: stateless });
    const ended = await run(submission, { by: stateless });
    assert.deepEqual([ended.result, ended.heapOut], ["1", null]);
  });

  test("waiting for an end gives up when its time is over, or its caller has gone", async () => {
    const id = await scripts.submit("lab", { source: "for (;;) {}" });
    assert.equal((await scripts.ended("lab", id, { timeoutMs: 1 })).status, "running");
    const gone = AbortSignal.abort();
    assert.equal((await scripts.ended("lab", id, { timeoutMs: 60_000, signal: gone })).status, "running");
    const waiting = scripts.ended("lab", id, { timeoutMs: 60_000 });
    await scripts.cancel("lab", id);
    assert.equal((await waiting).status, "cancelled");
    await assert.rejects(scripts.ended("lab", randomUUID(), { timeoutMs: 1 }), { code: "not_found" });
  });

  test("what runs when the server stops, or has died, is failed with the reason", async () => {
    const stopping = await start();
    const id = await stopping.submit("lab", { source: "console.log('so far'); for (;;) {}" });
    await until(
      async () => (await stopping.output("lab", id, { unit: "lines", offset: 0, limit: 1 })).text === "so far",
    );
    await stopping[Symbol.asyncDispose]();
    const stopped = await scripts.get("lab", id);
    assert.deepEqual(
      [stopped.status, stopped.error],
      ["failed", "Interrupted: the server was stopped while the script was running."],
    );
    await database.kysely
      .updateTable("executions")
      .set({ status: "running", ended_at: null, error: null })
      .where("id", "=", id)
      .execute();
    await using _next = await start();
    const found = await scripts.get("lab", id);
    assert.deepEqual(
      [found.status, found.error, await textOf(id)],
      ["failed", "Interrupted: the server ended while the script was running.", "so far\n"],
    );
  });

  test("old executions are forgotten, and those that a team has too many of, but none that runs", async () => {
    const team = "forgetful";
    const running = await scripts.submit(team, { source: "for (;;) {}" });
    clock.advance(1_000);
    const ended: string[] = [];
    for (let i = 0; i < 4; i++) {
      clock.advance(1_000);
      const id = await scripts.submit(team, { source: "" });
      ended.push(id);
      await scripts.cancel(team, id).catch(() => {});
    }
    const left = async () => (await scripts.list(team)).map(({ id }) => id);
    await forgetOldExecutions(database.kysely, { maxAgeMs: 1e9, maxExecutions: 2 }, clock.now());
    assert.deepEqual(await left(), [ended[3], ended[2], running]);
    await forgetOldExecutions(database.kysely, { maxAgeMs: 500, maxExecutions: 100 }, clock.now());
    assert.deepEqual(await left(), [ended[3], running]);
    await scripts.cancel(team, running);
  });

  test("of a team that is removed nothing is left, nor what still runs for it; others keep all they have", async () => {
    const team = "leaving";
    const own = await run({ source: "globalThis.n = 1; console.log(n)", session: "s", tags: { a: "b" } }, { team });
    const running = await scripts.submit(team, { source: "for (;;) {}" });
    const others = [await scripts.list("lab"), await scripts.sessions.list("lab")];
    await scripts.removeTeam(team);
    await scripts.removeTeam(team); // what ended meanwhile, or came late
    assert.deepEqual([await scripts.list(team), await scripts.sessions.list(team)], [[], []]);
    for (const id of [own.id, running]) await assert.rejects(scripts.get(team, id), { code: "not_found" });
    assert.equal(await scripts.heaps.use(team, own.heapOut ?? ""), false);
    assert.deepEqual(await scripts.heaps.tags(team, own.heapOut ?? ""), {});
    assert.deepEqual([await scripts.list("lab"), await scripts.sessions.list("lab")], others);
    assert.equal((await run({ source: "typeof n", session: "s" }, { team })).result, '"undefined"');
  });
});
