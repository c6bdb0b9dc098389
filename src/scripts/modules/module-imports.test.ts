import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import type { Resolve } from "../../platform/http/outgoing/guarded-request.ts";
import { createLog } from "../../platform/log.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { createCapabilities } from "../capabilities/capabilities.ts";
import { type Policy, parsePolicy } from "../capabilities/policy.ts";
import { openTestPool, type Ran, type TestPool } from "../engine/testing.ts";
import { createModuleCache, type ModuleCache } from "./module-cache.ts";
import { type ModuleServer, type Serve, serveModules, toHere } from "./testing.ts";

const log = createLog({ level: "silent" });
const megabyte = 1024 ** 2;

const redirectTo: Serve = (_, response, url) =>
  void response.writeHead(302, { location: url.searchParams.get("to") ?? "" }).end();

let parts: AsyncDisposableStack;
let engine: TestPool;
let server: ModuleServer;
let cache: ModuleCache;

before(async () => {
  parts = new AsyncDisposableStack();
  engine = parts.use(openTestPool());
  server = parts.use(
    await serveModules({
      "/lib.js": "export default 41; export const name = 'lib';",
      "/typed.ts": "export const n: number = 3; export enum Kind { A = 7 }",
      "/tree/main.js":
        "export { leaf } from './leaf.js'; export * as up from '../lib.js'; export { leaf as same } from '/tree/leaf.js';",
      "/tree/leaf.js": "export const leaf = { n: 1 };",
      "/cycle/a.js": "import { b } from './b.js'; export const a = 'a'; export const both = () => a + b;",
      "/cycle/b.js": "import { both } from './a.js'; export const b = 'b'; export const later = () => both();",
      "/broken.js": "export const = 1",
      "/throws.js": "throw new Error('while it began')",
      "/lazy.js": "export const load = () => import('./lib.js'); export const gone = () => import('./none.js');",
      "/data.json": (_, response) =>
        void response.setHeader("content-type", "application/json").end('{"a":[1],"__proto__":2}'),
      "/untyped": (_, response) => void response.setHeader("content-type", "text/plain").end('{"a":1}'),
      "/redirect": redirectTo,
      // As package servers do: a short address leads to a long one, whose module imports others by paths of its own.
      "/pack@1": (_, response) => void response.writeHead(302, { location: "/pack@1.2.3" }).end(),
      "/pack@1.2.3": "export * from '/internal/pack.mjs'; export { n as dep } from '/other@2/x.mjs';",
      "/internal/pack.mjs": "export const pack = 'packed';",
      "/other@2/x.mjs": "export const n = 5;",
      "/wide.js": Array.from({ length: 10_000 }, (_, n) => `import './many/${n}.js';`).join("\n"),
      "/large.js": (_, response) =>
        void response.setHeader("content-length", 100 * megabyte).write(Buffer.alloc(2 * megabyte, "//")),
      "/endless.js": (_, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(65_536, "//")));
        };
        response.on("drain", more);
        more();
      },
      "/silent.js": () => {},
      "*": (_, response, url) => {
        const [, kind, number] = /^\/(chain|many|stars)\/(\d+)\.js$/.exec(url.pathname) ?? [];
        if (kind === "chain") response.end(`import './${Number(number) + 1}.js'; export default ${number};`);
        else if (kind === "many") response.end("export {}");
        else response.writeHead(404).end("a page of the server's own");
      },
    }),
  );
  const database = parts.use(await openTestDatabase("sqlite"));
  const blobs = parts.use(
    await openFileBlobStore({ directory: parts.use(temporaryDirectory()).path, clock: systemClock }),
  );
  cache = createModuleCache({ database, blobs, clock: systemClock });
});
after(() => parts.disposeAsync());

const policyOf = (text: string): Policy => parsePolicy("policy.yaml", text);
const open = (more = "") =>
  policyOf(`modules:
  bases: { npm: "http://here.test:${server.port}/" }
  timeout-seconds: 2
  ${more}
  allow:
    - { name: here, hosts: ["here.test:*"], networks: [127.0.0.1] }`);
const packagesOnly = () =>
  policyOf(`modules:
  bases: { npm: "http://here.test:${server.port}/" }
  allow:
    - { name: packs, packages: ["npm:pack@1"], networks: [127.0.0.1] }`);

type RunOptions = Parameters<TestPool["run"]>[1] & { policy?: Policy; resolve?: Resolve; cache?: ModuleCache };

function run(source: string, { policy = open(), resolve = toHere, ...options }: RunOptions = {}): Promise<Ran> {
  const reach = { modules: options.cache ?? cache };
  const maxAnswerBytes = 8 * megabyte;
  const capabilities = createCapabilities({ policy: () => policy, reach, resolve, maxAnswerBytes, log });
  return engine.run(source, { capabilities, ...options });
}

async function resultOf(source: string, options?: RunOptions): Promise<unknown> {
  const { failure, value } = await run(source, options);
  assert.equal(failure, undefined);
  return value;
}

/** @returns what a script is told of a dynamic import that fails */
const toldOf = (specifier: string, options?: RunOptions): Promise<unknown> =>
  resultOf(`await import(${JSON.stringify(specifier)}).then(() => "imported", (error) => error.message)`, options);

describe("a script imports", () => {
  test("what the policy grants, at its beginning and later", async () => {
    assert.deepEqual(await resultOf(`import lib, { name } from "${server.url("/lib.js")}"; [lib, name]`), [41, "lib"]);
    assert.equal(await resultOf(`(await import("${server.url("/lib.js")}")).default`), 41);
  });

  test("TypeScript, stripped", async () =>
    assert.deepEqual(await resultOf(`import { n, Kind } from "${server.url("/typed.ts")}"; [n, Kind.A]`), [3, 7]));

  test("what its modules import, each once", async () => {
    const source = `import { leaf, same, up } from "${server.url("/tree/main.js")}"; [leaf === same, leaf.n, up.name]`;
    assert.deepEqual(await resultOf(source), [true, 1, "lib"]);
  });

  test("modules that import each other", async () =>
    assert.equal(await resultOf(`import { later } from "${server.url("/cycle/b.js")}"; later()`), "ab"));

  test("modules that import later, of which a missing one fails then", async () =>
    assert.deepEqual(
      await resultOf(`import { load, gone } from "${server.url("/lazy.js")}";
        [(await load()).name, await gone().catch((error) => error.message)]`),
      ["lib", `import failed: GET ${server.url("/none.js")}: 404 Not Found`],
    ));

  test("JSON, by its type or because it says so", async () => {
    const imported = `import data from "${server.url("/data.json")}" with { type: "json" }; [Object.keys(data), data.a]`;
    assert.deepEqual(await resultOf(imported), [["a", "__proto__"], [1]]);
    assert.deepEqual(await resultOf(`(await import("${server.url("/data.json")}")).default.a`), [1]);
    assert.equal(
      await resultOf(`(await import("${server.url("/untyped")}", { with: { type: "json" } })).default.a`),
      1,
    );
  });

  test("never as a program what it wants as JSON", async () => {
    const { failure } = await run(`import lib from "${server.url("/lib.js")}" with { type: "json" }; lib`);
    assert.match(failure?.message ?? "", /lib\.js is no JSON/);
  });

  test("a package with all that it imports from where packages come from", async () => {
    const policy = packagesOnly();
    assert.deepEqual(await resultOf(`import { pack, dep } from "npm:pack@1"; [pack, dep]`, { policy }), ["packed", 5]);
  });

  test("again without asking for it again", async () => {
    const source = `import lib from "${server.url("/lib.js?again")}"; lib`;
    assert.equal(await resultOf(source), 41);
    const asked = server.asked.length;
    assert.equal(await resultOf(source), 41);
    assert.equal(server.asked.length, asked);
  });

  test("nothing again when it resumes a memory that holds it", async () => {
    const source = `import * as tree from "${server.url("/tree/main.js")}"; globalThis.tree = tree; 1`;
    const first = await run(source, { keepHeap: true });
    assert.equal(first.failure, undefined);
    assert.equal((await engine.run("tree.leaf.n + tree.up.default", { heap: first.heap })).value, 42);
  });
});

describe("an import fails", () => {
  test("with its script, if it stands at its beginning", async () => {
    const { status, failure } = await run(`console.log("never"); import "http://other.test/x.js"`);
    assert.equal(status, "failed");
    assert.match(
      failure?.message ?? "",
      /Module import denied by policy: http:\/\/other\.test\/x\.js is not allowed: no rule of modules\.allow is for http:\/\/other\.test/,
    );
  });

  for (const [what, specifier, reason] of [
    ["of another host", "http://other.test/x.js", /denied by policy: .*no rule of modules\.allow/],
    [
      "of a package that is not granted",
      "npm:other",
      /denied by policy: npm:other is not allowed: no rule .* for this package/,
    ],
    ["of a package in another version", "npm:pack@2", /denied by policy: .*no rule .* for this package/],
    ["of what belongs to a package, by itself", "/internal/pack.mjs", /denied by policy: .*no rule of modules\.allow/],
    ["relative to a script", "./x.js", /only npm:, jsr:, https: and http: modules are supported/],
    ["of Node's own", "node:fs", /only npm:, jsr:, https: and http: modules are supported/],
    ["of a bare name", "fs", /only npm:, jsr:, https: and http: modules are supported/],
    ["without a base for its packages", "jsr:@a/b", /the policy names no base for jsr:/],
  ] as const)
    test(what, async () => {
      const asked = server.asked.length;
      const address = specifier.startsWith("/") ? server.url(specifier) : specifier;
      assert.match(String(await toldOf(address, { policy: packagesOnly() })), reason);
      assert.equal(server.asked.length, asked);
    });

  test("where a redirect leads out of what is granted", async () => {
    const to = server.url(`/redirect?to=${encodeURIComponent(server.url("/lib.js", "else.test"))}`);
    assert.match(
      String(await toldOf(to)),
      /denied by policy: .*no rule of modules\.allow is for http:\/\/else\.test:\d+ \(redirected from /,
    );
  });

  test("as soon as the rule is gone, also from the cache", async () => {
    const source = server.url("/lib.js?gone");
    assert.equal(await toldOf(source), "imported");
    assert.match(String(await toldOf(source, { policy: policyOf("modules: { allow: [] }") })), /denied by policy/);
    assert.match(
      String(await toldOf(source, { policy: policyOf("fetch: { allow: [] }") })),
      /External module imports are disabled/,
    );
  });

  test("with its own name and reason, and no page of the server", async () => {
    assert.equal(await toldOf(server.url("/none.js")), `import failed: GET ${server.url("/none.js")}: 404 Not Found`);
    assert.match(String(await toldOf(server.url("/broken.js"))), /^http.*\/broken\.js: .*\(line 1/);
    assert.equal(await toldOf(server.url("/throws.js")), "while it began");
  });

  test("and is tried again the next time", async () => {
    let isThere = false;
    using flaky = await serveModules({
      "/m.js": (_, response) => void response.writeHead(isThere ? 200 : 500).end("export {}"),
    });
    assert.match(String(await toldOf(flaky.url("/m.js"))), /500 Internal Server Error/);
    isThere = true;
    assert.equal(await toldOf(flaky.url("/m.js")), "imported");
  });
});

describe("an address that does not belong to the internet is refused", () => {
  for (const [what, address, kind] of [
    ["loopback", "127.0.0.1", "a loopback address"],
    ["loopback of IPv6", "::1", "a loopback address"],
    ["IPv4 in the form of IPv6", "::ffff:127.0.0.1", "a loopback address"],
    ["private", "10.1.2.3", "a private address"],
    ["private of IPv6", "fd00::1", "a private address"],
    ["link-local, where clouds keep credentials", "169.254.169.254", "a link-local address"],
    ["link-local of IPv6", "fe80::1", "a link-local address"],
    ["a carrier's", "100.64.0.1", "an address of a carrier's network"],
    ["nobody's", "0.0.0.0", "the unspecified address"],
  ] as const)
    test(what, async () => {
      const policy = policyOf('modules: { allow: [{ name: all, hosts: ["*:*", "http://*:*"] }] }');
      const asked = server.asked.length;
      const resolve: Resolve = async () => [
        { address: "93.184.216.34", family: 4 },
        { address, family: address.includes(":") ? 6 : 4 },
      ];
      const told = String(await toldOf(server.url("/lib.js?ssrf", "public.test"), { policy, resolve }));
      assert.ok(told.includes(`denied by policy`) && told.includes(`public.test leads to ${kind}`), told);
      assert.equal(server.asked.length, asked);
    });

  for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]", "127.1"])
    test(`written as ${host}`, async () => {
      const policy = policyOf('modules: { allow: [{ name: all, hosts: ["*:*"] }] }');
      assert.match(
        String(await toldOf(`http://${host}:${server.port}/lib.js`, { policy })),
        /leads to a loopback address/,
      );
    });

  test("behind a redirect", async () => {
    const policy = policyOf(`modules:
      allow: [{ name: all, hosts: ["*:*"] }, { name: here, hosts: ["here.test:*"], networks: [127.0.0.1] }]`);
    const to = server.url(`/redirect?to=${encodeURIComponent("http://169.254.169.254/latest/meta-data")}`);
    assert.match(
      String(await toldOf(to, { policy })),
      /169\.254\.169\.254 leads to a link-local address.*redirected from/,
    );
  });

  test("unless it is a base, and was written as an address", async () => {
    const policy = policyOf(`modules:
      bases: { npm: "http://127.0.0.1:${server.port}/" }
      allow: [{ name: packs, packages: ["npm:pack"] }]`);
    assert.equal(await resultOf(`(await import("npm:pack@1")).pack`, { policy }), "packed");
    assert.match(String(await toldOf(`http://127.0.0.1:${server.port}/lib.js`, { policy })), /denied by policy/);
  });
});

describe("what is too much ends, and harms nobody", () => {
  test("a module of a hundred megabytes, and one without end", async () => {
    for (const path of ["/large.js", "/endless.js"])
      assert.match(
        String(await toldOf(server.url(path), { policy: open("max-module-mib: 1") })),
        /the response is longer than 1048576 bytes/,
      );
  });

  test("ten thousand imports of one module", async () => {
    const { status, failure } = await run(`import "${server.url("/wide.js")}"`, {
      policy: open("max-modules: 50"),
      limits: { timeoutMs: 30_000 },
    });
    assert.equal(status, "failed");
    assert.match(failure?.message ?? "", /a script may import at most \d+ modules/);
    assert.ok(server.asked.filter((path) => path.startsWith("/many/")).length <= 50);
  });

  test("a chain without end", async () => {
    const { status, failure } = await run(`import "${server.url("/chain/0.js")}"`, {
      policy: open("max-modules: 60"),
      limits: { timeoutMs: 30_000 },
    });
    assert.equal(status, "failed");
    assert.match(failure?.message ?? "", /a script may import at most 60 modules/);
  });

  test("more than all modules may have together", async () => {
    const text = `export default "${"x".repeat(700_000)}"`;
    using large = await serveModules({ "/a.js": text, "/b.js": text });
    const source = `import "${large.url("/a.js")}"; import "${large.url("/b.js")}"`;
    const { failure } = await run(source, { policy: open("max-total-mib: 1") });
    assert.match(failure?.message ?? "", /all modules of a script have at most 1048576 bytes/);
  });

  test("a module that never comes ends with its script, however that ends", async () => {
    const source = `import "${server.url("/silent.js")}"`;
    const late = await run(source, { limits: { timeoutMs: 300 } });
    assert.equal(late.status, "timed_out");
    const cancel = new AbortController();
    const asked = server.asked.length;
    const running = run(source, { signal: cancel.signal });
    await until(() => server.asked.length > asked);
    cancel.abort();
    assert.equal((await running).status, "cancelled");
    assert.equal((await run("1 + 1")).value, 2);
  });
});

test("a cache that cannot be written does not keep a module from being imported", async () => {
  const broken: ModuleCache = {
    find: async () => undefined,
    keep: () => Promise.reject(new Error("the disk is full")),
    trim: async () => {},
  };
  assert.equal(await toldOf(server.url("/lib.js"), { cache: broken }), "imported");
});
