/** Scripts that mean harm, or have gone wrong. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { openTestPool, type TestPool } from "./testing.ts";

let engine: TestPool;
before(async () => {
  engine = openTestPool();
  await engine.pool.base(); // its start is not what is measured
});
after(() => engine[Symbol.asyncDispose]());

const timeoutMs = 300;

describe("ends at the time limit, and the next execution is well:", () => {
  for (const source of [
    "while (true);",
    "for (;;) { try { while (true); } catch {} finally { } }",
    "await (async () => { for (;;) await null })()",
    "(function f() { Promise.resolve().then(f) })()",
    "/(a+)+$/.test('a'.repeat(50) + 'b')",
    "new Array(1e9) + ''",
    "setInterval(() => {}, 1)",
    "await new Promise((resolve) => setTimeout(resolve, 60_000))",
    "export default { toJSON() { while (true); } }",
    "({ get then() { while (true); } })",
    "throw { get message() { while (true); }, toString() { while (true); } }",
    "Object.defineProperty(globalThis, 'x', { get() { for (;;); } }); x",
  ])
    test(source, async () => {
      const started = performance.now();
      const { status, failure } = await engine.run(source, { limits: { timeoutMs } });
      const tookMs = performance.now() - started;
      if (source.startsWith("({ get then") || source.startsWith("throw {")) assert.notEqual(status, "cancelled");
      else assert.equal(status, "timed_out", failure?.message);
      assert.ok(tookMs < timeoutMs + 2_000, `took ${tookMs} ms`);
      assert.equal((await engine.run("1 + 1")).value, 2);
    });
});

describe("runs out of memory, and the next execution is well:", () => {
  for (const source of [
    "const all = []; for (;;) all.push('x'.repeat(1e5) + all.length)",
    "new Uint8Array(64 * 2 ** 20)",
    "const all = []; for (;;) all.push(new ArrayBuffer(1e6))",
    "'a'.repeat(2 ** 29)",
    "const all = []; for (;;) all.push(Promise.resolve(all).then(() => {}))",
    "new Array(1e7).fill({})",
    "let s = 'x'; for (;;) s += s",
  ])
    test(source, async () => {
      const { status, failure } = await engine.run(source, { limits: { timeoutMs: 10_000 } });
      assert.equal(status, "failed");
      assert.match(failure?.message ?? "", /[Oo]ut of memory|invalid (array|string) length|string too long/);
      assert.equal((await engine.run("1 + 1")).value, 2);
    });
});

describe("fails with an error of its own:", () => {
  for (const [source, message] of [
    ["(function f() { f() })()", /Maximum call stack/],
    ["JSON.parse('['.repeat(1e6))", /Maximum call stack|stack/],
    ["eval('('.repeat(1e6))", /Maximum call stack|stack|SyntaxError/],
    ["new ArrayBuffer(4 * 2 ** 30)", /RangeError/],
    ["for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6)", /Too many timers/],
    ["new Function('return this')().nothing.x", /TypeError/],
    ["Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)", /Atomics is not defined/],
  ] as const)
    test(source, async () => {
      const { status, failure } = await engine.run(source);
      assert.equal(status, "failed");
      assert.match(failure?.message ?? "", message);
    });
});

test("a flood of output ends at its limit, without a byte more", async () => {
  const { status, failure, output } = await engine.run("for (;;) console.log('x'.repeat(1000))", {
    limits: { outputBytes: 50_000 },
  });
  assert.deepEqual([status, failure?.kind, output.length], ["failed", "too_much_output", 50_000]);
});

test("no object of the host can be reached", async () => {
  const { value } = await engine.run(`
    const seen = new Set();
    const waiting = [globalThis];
    const texts = [];
    while (waiting.length > 0) {
      const next = waiting.pop();
      if ((typeof next !== "object" && typeof next !== "function") || next === null || seen.has(next)) continue;
      seen.add(next);
      if (typeof next === "function") texts.push(Function.prototype.toString.call(next));
      for (const key of Reflect.ownKeys(next)) {
        const { value, get, set } = Reflect.getOwnPropertyDescriptor(next, key);
        waiting.push(value, get, set);
      }
      waiting.push(Object.getPrototypeOf(next));
    }
    const reached = (0).constructor.constructor("return globalThis")();
    ({
      count: seen.size > 500,
      isSame: reached === globalThis,
      names: ["process", "require", "module", "Deno", "host"].filter((name) => name in reached),
      hostFunctions: [...seen].filter((each) => each !== Function.prototype.call && ["print", "setTimer", "clearTimer", "call"].includes(Object.getOwnPropertyDescriptor(each, "name")?.value)).length,
    })`);
  assert.deepEqual(value, { count: true, isSame: true, names: [], hostFunctions: 0 });
});

describe("is cancelled at once:", () => {
  for (const [state, source] of [
    ["asleep", "console.log('on'); await new Promise((resolve) => setTimeout(resolve, 60_000))"],
    ["in a loop", "console.log('on'); await null; while (true);"],
    ["in a native loop", "console.log('on'); await null; new Array(1e9) + ''"],
    ["waiting for an answer", "console.log('on'); await fetch('http://nobody/')"],
  ] as const)
    test(state, async () => {
      const stop = new AbortController();
      let stoppedAt = Number.POSITIVE_INFINITY;
      const ran = await engine.run(source, {
        signal: stop.signal,
        limits: { timeoutMs: 60_000 },
        capabilities: { names: ["fetch"], call: () => new Promise(() => {}) },
        onOutput: () => {
          stoppedAt = performance.now();
          stop.abort();
        },
      });
      assert.equal(ran.status, "cancelled");
      assert.ok(performance.now() - stoppedAt < 1_500);
    });

  test("before it begins", async () => {
    assert.equal((await engine.run("1", { signal: AbortSignal.abort() })).status, "cancelled");
  });
});

test("sources of 16 MiB are handled: comments run, code that does not fit its memory says so", async () => {
  const long = "x".repeat(16 * 2 ** 20 - 10);
  const comment = await engine.run(`//${long}\nglobalThis.ran = 1`, { limits: { memoryMb: 64 } });
  assert.equal(comment.status, "completed", comment.failure?.message);
  assert.equal((await engine.run(`"${long}"`)).failure?.kind, "out_of_memory");
  assert.equal((await engine.run("1 + 1")).value, 2);
});

test("text that is no valid Unicode goes through without harm", async () => {
  const { output, value } = await engine.run("console.log('a\\ud800b\\u0000c'); '\\udfff'.length");
  assert.equal(output, "a\ufffdb\u0000c\n");
  assert.equal(value, 1);
});

test("kill -9 of an engine fails its own execution only, and it is replaced", async () => {
  await using two = openTestPool(2);
  await Promise.all([two.run("1"), two.run("1")]);
  const other = two.run("await new Promise((resolve) => setTimeout(resolve, 2_000)); 'undisturbed'");
  let isUp = false;
  const victim = two.run("console.log(1); while (true);", {
    limits: { timeoutMs: 20_000 },
    onOutput: () => {
      isUp = true;
    },
  });
  await until(() => isUp);
  const before = new Map(two.pool.usage().pids.map((pid) => [pid, cpuTicksOf(pid)]));
  const [busy] = await until(() => [...before].find(([pid, ticks]) => cpuTicksOf(pid) > ticks + 10));
  process.kill(busy, "SIGKILL");
  const outcomes = await Promise.all([victim, other]);
  assert.deepEqual(
    outcomes.map(({ status, failure }) => failure?.kind ?? status),
    ["crashed", "completed"],
  );
  assert.equal((await two.run("1 + 1")).value, 2);
});

/** User time of the main thread since it began, as proc(5) counts it. */
function cpuTicksOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[11]);
}

test("an engine's memory stays below its ceiling whatever runs in it", async () => {
  const attack =
    "const all = []; try { for (;;) all.push(new Uint8Array(1e6).fill(7)) } catch {} console.log(all.length); await new Promise((r) => setTimeout(r, 50))";
  const [pid] = engine.pool.usage().pids;
  const before = residentBytes(pid!);
  let peak = 0;
  await engine.run(attack, {
    limits: { memoryMb: 16 },
    onOutput: () => {
      peak = residentBytes(pid!);
    },
  });
  assert.ok(peak - before < 40 * 2 ** 20, `grew by ${(peak - before) / 2 ** 20} MiB`);
});

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

test("closing the pool ends every process", async () => {
  const closing = openTestPool(2);
  const running = closing.run("while (true);").catch((error) => error);
  await until(() => closing.pool.usage().pids.length > 0);
  const { pids } = closing.pool.usage();
  await closing[Symbol.asyncDispose]();
  await running;
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});
