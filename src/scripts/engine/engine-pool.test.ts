/** What a script can do, and what comes back. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isYardError, YardError } from "../../platform/errors.ts";
import { until } from "../../platform/testing/until.ts";
import { openEnginePool } from "./engine-pool.ts";
import { openTestPool, type TestPool, testLimits } from "./testing.ts";

let engine: TestPool;
before(() => {
  engine = openTestPool();
});
after(() => engine[Symbol.asyncDispose]());

describe("the result", () => {
  for (const [source, value] of [
    ["1 + 1", 2],
    ["const x: number = 4; x * 2", 8],
    ["({ a: [1, 'b'] }).a", [1, "b"]],
    ["({ a: 1 })", { a: 1 }],
    ["1, 2", 2],
    ["Promise.resolve('later')", "later"],
    ["(async () => { await null; return 5 })()", 5],
    ["await new Promise((resolve) => setTimeout(resolve, 5, 'slept'))", "slept"],
    ["export default { a: 1 }", { a: 1 }],
    ["export const a = 1; a + 1", 2],
    ["enum Level { Low = 3 }\nLevel.Low", 3],
    ["class Point { constructor(private x: number) {} get() { return this.x } }\nnew Point(7).get()", 7],
    ["#!/usr/bin/env node\n'run'", "run"],
    ["'use strict'", "use strict"],
    ["", undefined],
    ["let a = 1", undefined],
    ["undefined", undefined],
  ] as const)
    test(`of ${JSON.stringify(source)}`, async () => {
      const ran = await engine.run(source);
      assert.equal(ran.failure, undefined);
      assert.equal(ran.status, "completed");
      assert.deepEqual(ran.value, value);
      assert.deepEqual(ran.result?.lost, []);
    });

  test("says what JSON cannot express", async () => {
    const { value, result } = await engine.run("({ a: 1, f() {}, n: 5n, list: [undefined, NaN], m: new Map() })");
    assert.deepEqual(value, { a: 1, list: [null, null], m: {} });
    assert.deepEqual(result?.lost, [
      "$.f: a function",
      "$.n: a BigInt",
      "$.list[0]: undefined",
      "$.list[1]: NaN",
      "$.m: a Map",
    ]);
    assert.deepEqual((await engine.run("const a = {}; a.a = a; a")).result?.json, undefined);
    assert.deepEqual((await engine.run("new Promise(() => {})")).result?.lost, ["$: a promise that has not settled"]);
  });
});

describe("a failure", () => {
  for (const [source, kind, message] of [
    ["let a;\n\n  a.x.y; 1", "thrown", /^TypeError: .*\n.*main\.js:3:3/],
    ["let a = 1;\n\n  null.x", "thrown", /^TypeError: .*\n {4}at <anonymous> \(file:\/\/\/main\.js\)$/],
    ["const f = () => null;\nconst b = 1 + f().x; b", "thrown", /^TypeError: .*\n.*main\.js:2:15/],
    [
      "function f() {\n  throw new RangeError('deep')\n}\nf()",
      "thrown",
      /^RangeError: deep\n {4}at f \(file:\/\/\/main\.js:2:/,
    ],
    ["throw 'text'", "thrown", /^Uncaught 'text'/],
    ["Promise.reject(new Error('nobody listens'))", "thrown", /^Error: nobody listens/],
    ["(async () => { throw new Error('in vain') })(); 1", "thrown", /^Error: in vain/],
    ["setTimeout(() => { throw new Error('late') }, 1)", "thrown", /^Error: late/],
    ["await new Promise(() => {})", "unsettled", /top-level await/],
    ["let a = [", "syntax", /^SyntaxError: /],
    ["import 'npm:left-pad'", "thrown", /External module imports are disabled/],
    ["fetch('http://localhost/')", "thrown", /^ReferenceError: fetch is not defined/],
  ] as const)
    test(`of ${JSON.stringify(source)} is ${kind}`, async () => {
      const { status, failure } = await engine.run(source);
      assert.equal(status, "failed");
      assert.equal(failure?.kind, kind);
      assert.match(failure.message, message);
    });

  test("shows nothing of the machine that it ran on", async () => {
    for (const source of ["import 'x'", "setTimeout()", "await import('y')", "throw new Error('x')"])
      assert.doesNotMatch(
        (await engine.run(source)).failure?.message ?? "",
        /\/src\/|node_modules|wasm|runyard/,
        source,
      );
  });

  test("is none where the rejection is handled in the same turn", async () => {
    const { status, value } = await engine.run("const p = Promise.reject(new Error('x')); p.catch(() => 'caught')");
    assert.deepEqual([status, value], ["completed", "caught"]);
  });
});

describe("the console", () => {
  for (const [source, printed] of [
    ["console.log('a', 1, { a: 1, b: 'x' }, [1, , 3])", "a 1 { a: 1, b: 'x' } [ 1, <empty>, 3 ]\n"],
    ["console.info('i'); console.warn('w'); console.error('e')", "[INFO] i\n[WARN] w\n[ERROR] e\n"],
    ["console.log('%s is %d years and %i', 'Ada', 36, 7.9, 'more')", "Ada is 36 years and 7 more\n"],
    ["console.log('100%%', 1)", "100% 1\n"],
    [
      "console.log(new Map([['k', 1]]), new Set([1]), 5n, -0, null, undefined)",
      "Map(1) { 'k' => 1 } Set(1) { 1 } 5n -0 null undefined\n",
    ],
    ["const a = { b: {} }; a.b.c = a; console.log(a)", "{ b: { c: [Circular] } }\n"],
    [
      "class P { x = 1 } console.log(new P(), () => 1, function f() {})",
      "P { x: 1 } [Function (anonymous)] [Function: f]\n",
    ],
    ["console.log(new Uint8Array([1, 2]), [], {})", "Uint8Array(2) [ 1, 2 ] [  ] {  }\n"],
    ["console.count(); console.count('x'); console.count()", "default: 1\nx: 1\ndefault: 2\n"],
    ["console.assert(1 === 2, 'no')", "[ERROR] Assertion failed: no\n"],
    ["console.group('g'); console.log('in'); console.groupEnd()", "g\nin\n"],
    ["console.timeEnd('t')", "[WARN] Timer 't' does not exist\n"],
  ] as const)
    test(source, async () => assert.equal((await engine.run(source)).output, printed));

  test("prints JSON where that is asked for", async () => {
    const { output } = await engine.run("console.log('a', { a: 1 }, [1], undefined, () => 1, 5n)", {
      consoleFormat: "json",
    });
    assert.equal(output, 'a {"a":1} [1]   5\n');
  });

  test("is read while the script runs", async () => {
    const stop = new AbortController();
    let seen = "";
    const running = engine.run("console.log('begun'); await new Promise((resolve) => setTimeout(resolve, 60_000))", {
      signal: stop.signal,
      limits: { timeoutMs: 60_000 },
      onOutput: (bytes) => {
        seen += Buffer.from(bytes).toString();
      },
    });
    await until(() => seen === "begun\n");
    stop.abort();
    assert.equal((await running).status, "cancelled");
  });
});

test("timers fire in order, hand over their arguments, and can be cleared and let go", async () => {
  const { value } = await engine.run(`
    const seen = [];
    setTimeout((a, b) => seen.push(a + b), 100, "late", "r");
    setImmediate(() => seen.push("now"));
    setTimeout(() => seen.push("soon"), 1);
    const stopped = setTimeout(() => seen.push("never"), 5);
    clearTimeout(+stopped);
    setTimeout(() => seen.push("unheld"), 5_000).unref();
    let n = 0;
    await new Promise((resolve) => { const i = setInterval(() => { if (++n === 3) { clearInterval(i); resolve() } }, 1) });
    await new Promise((resolve) => setTimeout(resolve, 100)); // due after the other of 100, which was set before
    seen`);
  assert.deepEqual(value, ["now", "soon", "later"]);
});

test("the globals of the web platform are there", async () => {
  const { value, failure } = await engine.run(`
    const controller = new AbortController();
    const heard = [];
    controller.signal.addEventListener("abort", () => heard.push("abort"));
    controller.abort();
    const url = new URL("http://a.example/p?q=1");
    url.searchParams.append("r", "2");
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc")));
    const random = crypto.getRandomValues(new Uint8Array(16));
    ({
      url: url.href,
      text: new TextDecoder().decode(new TextEncoder().encode("grüß 👋")),
      clone: structuredClone({ when: new Date(0), map: new Map([[1, 2]]) }).map.get(1),
      base64: [btoa("hi"), atob("aGk=")],
      digest: Array.from(digest.slice(0, 4)),
      random: new Set(random).size > 4,
      uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(crypto.randomUUID()),
      heard,
      reason: controller.signal.reason.name,
      blob: await new Blob(["a", new Uint8Array([98])], { type: "text/plain" }).text(),
      response: await new Response('{"a":1}').json(),
      header: new Request("http://x/", { method: "POST", body: "x" }).headers.get("content-type"),
      now: performance.now() >= 0 && performance.now() < 5000,
      absent: [typeof require, typeof process, typeof Buffer, typeof global, typeof window, typeof Worker, typeof WebAssembly],
    })`);
  assert.equal(failure, undefined);
  assert.deepEqual(value, {
    url: "http://a.example/p?q=1&r=2",
    text: "grüß 👋",
    clone: 2,
    base64: ["aGk=", "hi"],
    digest: [0xba, 0x78, 0x16, 0xbf],
    random: true,
    uuid: true,
    heard: ["abort"],
    reason: "AbortError",
    blob: "ab",
    response: { a: 1 },
    header: "text/plain;charset=UTF-8",
    now: true,
    absent: Array(7).fill("undefined"),
  });
});

test("streams, forms and files of the web platform are there", async () => {
  const { value, failure } = await engine.run(`
    const form = new FormData();
    form.append("name", "Ada");
    form.append("file", new File(["con", "tent"], "a.txt", { type: "text/plain" }));
    const sent = new Request("http://x/", { method: "POST", body: form });
    const upper = new TransformStream({ transform: (text, to) => to.enqueue(text.toUpperCase()) });
    const bytes = (text) => ReadableStream.from([new TextEncoder().encode(text)]);
    const read = new Response("read once");
    const seen = [read.bodyUsed, await read.text(), read.bodyUsed, await read.text().catch((error) => error.name)];
    const half = new TextEncoder().encode("grüß");
    const split = ReadableStream.from([half.slice(0, 3), half.slice(3)]).pipeThrough(new TextDecoderStream());
    const written = [];
    await ReadableStream.from([1, 2]).pipeTo(new WritableStream({ write: (n) => void written.push(n) }));
    const both = new Response(bytes("twice"));
    const copy = both.clone();
    ({
      type: sent.headers.get("content-type").replace(/boundary=.*/, "boundary"),
      form: (await sent.text()).replaceAll(/form-data-encoder-\\w+/g, "-").split("\\r\\n"),
      file: [form.get("file").name, form.get("file").size, form.get("file") instanceof Blob],
      stream: await new Response(new Blob(["a", "b"]).stream().pipeThrough(new TextDecoderStream()).pipeThrough(upper).pipeThrough(new TextEncoderStream())).text(),
      body: (await Array.fromAsync(new Response("abc").body)).map((chunk) => chunk.length),
      none: new Response().body,
      split: (await Array.fromAsync(split)).join("|"),
      clone: [await both.text(), await copy.text()],
      urlencoded: [...(await new Response(new URLSearchParams("a=1&b=2")).formData())],
      multipart: await new Response(form).formData().catch((error) => error.name),
      refused: await new Response(ReadableStream.from(["text"])).text().catch((error) => error.name),
      bytes: [...(await new Blob(["hi"]).bytes())],
      seen, written,
    })`);
  assert.equal(failure, undefined);
  assert.deepEqual(value, {
    type: "multipart/form-data; boundary",
    form: [
      "---",
      'Content-Disposition: form-data; name="name"',
      "",
      "Ada",
      "---",
      'Content-Disposition: form-data; name="file"; filename="a.txt"',
      "Content-Type: text/plain",
      "",
      "content",
      "-----",
      "",
      "",
    ],
    file: ["a.txt", 7, true],
    stream: "AB",
    body: [3],
    none: null,
    split: "gr|üß",
    clone: ["twice", "twice"],
    urlencoded: [
      ["a", "1"],
      ["b", "2"],
    ],
    multipart: "TypeError",
    refused: "TypeError",
    bytes: [104, 105],
    seen: [false, "read once", true, "TypeError"],
    written: [1, 2],
  });
});

describe("capabilities", () => {
  const answering = {
    names: ["fetch", "fs", "import"],
    async call(name: string, args: unknown, content: Uint8Array) {
      const { url, path, specifier } = args as { url?: string; path?: string; specifier?: string };
      if (name === "fetch" && url?.endsWith("/forbidden"))
        throw new YardError("forbidden", `fetch denied by policy: GET ${url} is not allowed`);
      if (name === "fetch")
        return {
          value: {
            status: 201,
            statusText: "Created",
            url,
            headers: [["x-method", (args as { method: string }).method]],
          },
          content: Buffer.from(`got ${Buffer.from(content)}`),
        };
      if (name === "fs.readFile") return { content: Buffer.from(`content of ${path}`) };
      if (name === "fs.stat") return { value: { kind: "file", size: 3, mode: 0o644 } };
      if (specifier === "lib") return { value: { name: "https://x/lib.ts", source: "export const n: number = 41" } };
      throw new Error(`${specifier} cannot be found`);
    },
  };

  test("that are granted are answered", async () => {
    const { value, failure } = await engine.run(
      `const r = await fetch("http://a/b", { method: "post", body: "sent" });
       [r.status, r.ok, r.headers.get("x-method"), await r.text(), await fs.readFile("/f", "utf8"), (await fs.stat("/f")).isFile()]`,
      { capabilities: answering },
    );
    assert.equal(failure, undefined);
    assert.deepEqual(value, [201, true, "POST", "got sent", "content of /f", true]);
  });

  test("are sent streams and forms, and their answers are streams", async () => {
    const { value, failure } = await engine.run(
      `const form = new FormData();
       form.append("a", "1");
       const first = await (await fetch("http://a/b", { method: "POST", body: form })).text();
       const { body } = await fetch("http://a/b", { method: "POST", body: new Blob(["streamed"]).stream(), duplex: "half" });
       [/^got -.*name="a"\\r\\n\\r\\n1\\r\\n/s.test(first), (await Array.fromAsync(body.pipeThrough(new TextDecoderStream()))).join("")]`,
      { capabilities: answering },
    );
    assert.equal(failure, undefined);
    assert.deepEqual(value, [true, "got streamed"]);
  });

  test("may refuse, and the script may catch it", async () => {
    const { value } = await engine.run(
      "await fetch('http://a/forbidden').catch((error) => [error.constructor.name, error.message])",
      {
        capabilities: answering,
      },
    );
    assert.deepEqual(value, ["Error", "fetch denied by policy: GET http://a/forbidden is not allowed"]);
  });

  test("give modules, of which a missing one fails where it is imported", async () => {
    const capabilities = answering;
    assert.equal((await engine.run("import { n } from 'lib'; n + 1", { capabilities })).value, 42);
    assert.equal((await engine.run("(await import('lib')).n", { capabilities })).value, 41);
    assert.equal(
      (await engine.run("await import('none').catch((e) => e.message)", { capabilities })).value,
      "none cannot be found",
    );
    assert.match((await engine.run("import 'none'", { capabilities })).failure?.message ?? "", /none cannot be found/);
  });

  test("are refused when a function that was kept from a granted run is called without the grant", async () => {
    const granted = await engine.run("globalThis.kept = fetch; 1", { capabilities: answering, keepHeap: true });
    const { value } = await engine.run("[typeof fetch, await kept('http://a/').catch((e) => e.message)]", {
      heap: granted.heap,
    });
    assert.deepEqual(value, ["undefined", "fetch is not allowed."]);
  });
});

test("a full queue is refused, a cancelled one leaves it, and every team gets its turn", async () => {
  await using small = openTestPool();
  const release = new AbortController();
  const busy = small.run("await new Promise(() => setTimeout(() => {}, 60_000))", {
    signal: release.signal,
    limits: { timeoutMs: 60_000 },
  });
  const order: string[] = [];
  const queued = ["a1", "a2", "a3", "b1"].map((name) =>
    small.run(`"${name}"`, { fairnessKey: name[0]! }).then(({ value }) => order.push(String(value))),
  );
  const leave = new AbortController();
  const left = small.run("1", { signal: leave.signal });
  const rest = Array.from({ length: 95 }, () => small.run("1", { fairnessKey: "c" }));
  await assert.rejects(small.run("1"), (error) => isYardError(error, "too_many"));
  leave.abort();
  assert.equal((await left).status, "cancelled");
  release.abort();
  assert.equal((await busy).status, "cancelled");
  await Promise.all([...queued, ...rest]);
  assert.ok(order.indexOf("b1") <= 1, `in the order ${order}`);
});

test("a process that is killed is handed nothing more, even if it has answered in its last moment", async () => {
  const stop = new AbortController();
  const ended = engine.run("console.log('begun'); for (;;) {}", {
    signal: stop.signal,
    onOutput: () => {
      stop.abort();
      // Its answer arrives while we are busy, and the time that it has for it is over when we come to read it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    },
  });
  assert.equal((await ended).status, "cancelled");
  assert.equal((await engine.run("1 + 1")).value, 2);
});

test("more memory than the pool grants is refused", async () => {
  await assert.rejects(engine.run("1", { limits: { ...testLimits, memoryMb: 65 } }), (error) =>
    isYardError(error, "invalid"),
  );
});

test("a process that has nothing to do ends when it is told to, and the next script starts another", async () => {
  await using pool = openEnginePool({ size: 1, maxQueued: 1, maxMemoryMb: 64, idleMs: 20, log: { warn() {} } });
  const run = () => pool.execute({ source: "1", fairnessKey: "team", limits: testLimits });
  assert.equal((await run()).status, "completed");
  await until(() => pool.usage().pids.length === 0);
  assert.equal((await run()).status, "completed");
});

test("what an execution has left is held no longer than by who asked for it, however long its process lives", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const left: WeakRef<object>[] = [];
  for (let run = 0; run < 20; run++) {
    const { heap } = await engine.run(`globalThis.run = ${run}`, { keepHeap: true });
    assert.ok(heap);
    left.push(new WeakRef(heap));
  }
  await until(() => {
    collectGarbage();
    return left.filter((ref) => ref.deref()).length <= 2;
  });
});
