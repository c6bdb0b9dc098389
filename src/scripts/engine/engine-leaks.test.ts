/** One execution after another in the same engine, as a stateless service does it: nothing of one may reach the next. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openTestPool, type TestPool } from "./testing.ts";

let engine: TestPool;
before(() => {
  engine = openTestPool(1); // one process: every execution meets the engine of the one before
});
after(() => engine[Symbol.asyncDispose]());

/** Everything that can be reached from the global object, as text. */
const everything = `
  const lines = [];
  const seen = new Map();
  (function walk(value, path) {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return lines.push(path + " " + typeof value + " " + String(value));
    if (seen.has(value)) return lines.push(path + " = " + seen.get(value));
    seen.set(value, path);
    lines.push(path + " " + typeof value + (Object.isFrozen(value) ? " frozen" : ""));
    for (const key of Reflect.ownKeys(value)) {
      const { value: own, get, set, writable, enumerable, configurable } = Reflect.getOwnPropertyDescriptor(value, key);
      lines.push(path + "." + String(key) + " " + [writable, enumerable, configurable, !!get, !!set].join());
      if (path === "" && key === "performance") continue;
      walk(own, path + "." + String(key));
    }
    walk(Object.getPrototypeOf(value), path + ".[[Prototype]]");
  })(globalThis, "");
  lines`;

describe("nothing is left of", () => {
  for (const [what, source] of [
    ["globals", "globalThis.secret = 'mine'; Object.defineProperty(globalThis, 'hidden', { value: 1 }); 1"],
    [
      "changed prototypes",
      "Array.prototype.map = () => 'mine'; Object.prototype.secret = 1; String.prototype.x = 2; 1",
    ],
    [
      "replaced built-ins",
      "JSON.stringify = () => '\"mine\"'; Math.random = () => 4; globalThis.Map = null; delete globalThis.Set; 1",
    ],
    [
      "frozen built-ins",
      "Object.freeze(Object.prototype); Object.freeze(globalThis.console); Object.preventExtensions(globalThis); 1",
    ],
    ["a poisoned promise", "Promise.prototype.then = function () { return 'mine' }; Promise = null; 1"],
    [
      "a poisoned host side",
      "console.log = () => { throw 1 }; setTimeout = null; Symbol.prototype.x = 1; Error.prototype.stack = 'x'; Error.prepareStackTrace = () => 'mine'; 1",
    ],
    ["registered symbols and labels", "console.count('mine'); console.time('mine'); Symbol.for('mine'); 1"],
    ["pending timers", "setTimeout(() => { globalThis.leaked = 1 }, 0).unref(); setInterval(() => {}, 1).unref(); 1"],
    [
      "pending jobs, when it is ended",
      "(function f() { Promise.resolve().then(() => { globalThis.leaked = 1; f() }) })(); await new Promise(() => {})",
    ],
    ["grown memory", "globalThis.big = new Uint8Array(4e6).fill(65); 1"],
    ["exhausted memory", "const all = []; for (;;) all.push(new Uint8Array(1e5).fill(66))"],
    ["a broken engine", "JSON.parse('['.repeat(1e6))"],
    ["a deep stack", "(function f(secret) { f(secret + 1) })(1)"],
    ["pending calls", "fetch('http://nobody/').then(() => { globalThis.leaked = 1 }); throw new Error('gone')"],
    ["an uncaught error", "throw Object.assign(new Error('mine'), { secret: 'mine' })"],
    ["a replaced module loader", "await import('x').catch(() => {}); 1"],
  ] as const)
    test(what, async () => {
      const pristine = (await engine.run(everything, { fairnessKey: "b" })).result?.json;
      assert.ok(pristine !== undefined && pristine.length > 10_000);
      await engine.run(source, {
        fairnessKey: "a",
        limits: { timeoutMs: 300 },
        capabilities: {
          names: ["fetch"],
          call: async () => ({ value: { status: 200, statusText: "", url: "", headers: [] } }),
        },
      });
      const next = await engine.run(everything, { fairnessKey: "b" });
      assert.equal(next.failure, undefined);
      assert.equal(next.result?.json, pristine);
      const later = await engine.run("await new Promise((resolve) => setTimeout(resolve, 20)); typeof leaked", {
        fairnessKey: "b",
      });
      assert.equal(later.value, "undefined");
    });
});

test("random numbers differ from one execution to the next", async () => {
  const draw = async (heap?: Parameters<TestPool["run"]>[1]) =>
    (await engine.run("[Math.random(), crypto.randomUUID()]", heap)).result?.json;
  const { heap } = await engine.run("Math.random()", { keepHeap: true });
  const drawn = [await draw(), await draw(), await draw({ heap }), await draw({ heap })];
  assert.equal(new Set(drawn).size, 4);
});

test("two teams share no image: one's saved memory is not in the other's process any more", async () => {
  const saved = await engine.run("globalThis.secret = 'a'; 1", { fairnessKey: "a", keepHeap: true });
  assert.equal((await engine.run("typeof secret", { fairnessKey: "b" })).value, "undefined");
  const theirs = await engine.run("globalThis.secret = 'b'; 1", { fairnessKey: "b", keepHeap: true });
  assert.equal((await engine.run("secret", { fairnessKey: "a", heap: saved.heap })).value, "a");
  assert.equal((await engine.run("secret", { fairnessKey: "b", heap: theirs.heap })).value, "b");
});
