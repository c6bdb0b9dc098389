import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../platform/clock.ts";
import { selfSignedTls } from "../../platform/http/tls-self-signed.ts";
import { createLog } from "../../platform/log.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { openTestPool, type TestPool } from "../engine/testing.ts";
import { createCapabilities } from "./capabilities.ts";
import { createFetch, type Resolve } from "./fetch.ts";
import { grantsNothing, type Policy, parsePolicy } from "./policy.ts";

/** A real server, on this machine. */
let server: Disposable & { readonly port: number; readonly asked: IncomingMessage[] };
before(async () => {
  server = await serve();
});
after(() => server[Symbol.dispose]());

const pages: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  "/echo": async (request, response) => {
    const chunks = await Array.fromAsync(request);
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.end(
      JSON.stringify({ ...request.headers, method: request.method, body: Buffer.concat(chunks).toString() }),
    );
  },
  "/large": (_, response) => void response.end(Buffer.alloc(100_000)),
  "/bomb": (_, response) => void response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(10_000_000))),
  "/gzip": (_, response) => void response.setHeader("content-encoding", "gzip").end(gzipSync("packed")),
  "/broken": (_, response) => {
    response.setHeader("content-length", "100").write("part");
    setTimeout(() => response.destroy(), 10);
  },
  "/endless": (_, response) => void response.write("never more"),
  "/silent": () => {},
  "/address": (request, response) => void response.end(request.socket.localAddress),
  "/private": (_, response) => void response.end("secret"),
};

const notFound = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(404).end();

async function serve() {
  const asked: IncomingMessage[] = [];
  const listening = createServer((request, response) => {
    asked.push(request);
    const url = new URL(request.url ?? "", "http://here");
    const to = url.searchParams.get("to");
    if (to !== null) response.writeHead(Number(url.searchParams.get("status") ?? 302), { location: to }).end();
    else (pages[url.pathname] ?? notFound)(request, response);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  return {
    asked,
    port: (listening.address() as AddressInfo).port,
    [Symbol.dispose]: () => {
      listening.close();
      listening.closeAllConnections();
    },
  };
}

const policyOf = (text: string): Policy => parsePolicy("policy.yaml", text);
const open = (more = "") =>
  policyOf(`fetch:
  timeout-seconds: 2
  allow:
    - { name: here, hosts: ["here.test:*"], methods: ["*"], networks: [127.0.0.1] ${more} }`);

/** Every name is this machine. */
const toHere: Resolve = async () => [{ address: "127.0.0.1", family: 4 }];

interface Asked {
  readonly policy?: Policy | (() => Policy);
  readonly resolve?: Resolve;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly redirect?: string;
  readonly signal?: AbortSignal;
  readonly maxResponseBytes?: number;
}

const url = (path: string, host = "here.test") => `http://${host}:${server.port}${path}`;

async function get(to: string, asked: Asked = {}) {
  const { policy = open(), resolve = toHere, method = "GET", headers = [], redirect = "follow" } = asked;
  const fetch = createFetch({
    policy: () => (typeof policy === "function" ? policy() : policy).fetch,
    maxResponseBytes: asked.maxResponseBytes ?? 1024 ** 2,
    resolve,
  });
  const signal = asked.signal ?? new AbortController().signal;
  const { value, content } = await fetch({ url: to, method, headers, redirect }, Buffer.from(asked.body ?? ""), signal);
  return { ...value, text: content.toString() };
}

describe("a request that is allowed", () => {
  test("goes out as it is, and comes back whole", async () => {
    const response = await get(url("/echo?q=1"), { method: "POST", body: "sent", headers: [["x-mine", "1"]] });
    assert.equal(response.status, 200);
    assert.equal(response.statusText, "OK");
    assert.equal(response.url, url("/echo?q=1"));
    assert.equal(response.redirected, false);
    assert.deepEqual(
      response.headers.filter(([name]) => name === "set-cookie"),
      [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    );
    const seen = JSON.parse(response.text);
    assert.deepEqual([seen.method, seen.body, seen["x-mine"]], ["POST", "sent", "1"]);
    assert.match(seen["user-agent"], /^Runyard\//);
  });

  test("cannot claim to be for another host, nor speak of its own connection", async () => {
    const forged = [
      "Host",
      "Connection",
      "Content-Length",
      "Transfer-Encoding",
      "Upgrade",
      "Proxy-Authorization",
      "Expect",
    ];
    const response = await get(url("/echo"), { headers: forged.map((name) => [name, "evil.test"]) });
    const seen = JSON.parse(response.text);
    assert.equal(seen.host, `here.test:${server.port}`);
    assert.ok(!JSON.stringify(seen).includes("evil.test"));
  });

  for (const [what, args, message] of [
    ["a header with a line break", { headers: [["a", "b\r\nc: d"]] }, /header number 1 cannot be sent/],
    ["a header without a name", { headers: [["", "b"]] }, /header number 1 cannot be sent/],
    ["a method that is none", { method: "GET / HTTP" }, /this method cannot be sent/],
    ["CONNECT", { method: "CONNECT" }, /CONNECT requests cannot be made/],
    ["TRACE in small letters", { method: "trace" }, /trace requests cannot be made/],
  ] as const)
    test(`is not sent with ${what}`, () => assert.rejects(get(url("/echo"), args as Asked), { message }));

  for (const address of ["file:///etc/passwd", "ftp://here.test/", "data:,x", "javascript:1", "here.test", ""])
    test(`is not made of ${JSON.stringify(address)}`, () =>
      assert.rejects(get(address), /is no http or https address/));

  test("is not made of an address that holds a user", () =>
    assert.rejects(get(`http://api.github.com@here.test:${server.port}/echo`), /cannot hold a user/));

  test("is decompressed", async () => assert.equal((await get(url("/gzip"))).text, "packed"));

  for (const [path, message] of [
    ["/large", /fetch failed: GET .*\/large: the response is longer than 50000 bytes/],
    ["/bomb", /the response is longer than 50000 bytes/],
    ["/broken", /fetch failed: GET .*\/broken: ECONNRESET/],
    ["/endless", /fetch failed: GET .*\/endless: no response within 2 s/],
  ] as const)
    test(`fails in bounds for ${path}`, () =>
      assert.rejects(get(url(path), { maxResponseBytes: 50_000 }), { message }));

  test("ends with the script", async () => {
    const script = new AbortController();
    const asking = get(url("/silent"), { signal: script.signal });
    const connection = await until(() => server.asked.find((request) => request.url === "/silent"));
    script.abort();
    await assert.rejects(asking);
    await until(() => connection.destroyed);
  });

  test("says what failed where nobody listens", async () => {
    using gone = await serve();
    gone[Symbol.dispose]();
    await assert.rejects(get(`http://here.test:${gone.port}/`), { code: "ECONNREFUSED" });
  });
});

describe("a request is denied, naming the rule,", () => {
  const denied = (what: string, reason: string) => (error: Error) => {
    assert.ok(error.message.startsWith(`fetch denied by policy: ${what} is not allowed: ${reason}`), error.message);
    return true;
  };
  const count = () => server.asked.length;
  const both = policyOf(`fetch:
  allow:
    - { name: reading, hosts: ["here.test:*"], paths: ["/echo", "/pub/**"], networks: [127.0.0.1] }
    - { name: open internet, hosts: ["*:*"] }`);

  for (const [what, path, host, method, rule] of [
    ["for a host that no rule has", "/echo", "other.test", "GET", "no rule of fetch.allow is for http://other.test"],
    ["for another method", "/echo", "here.test", "DELETE", 'rule "reading" does not allow DELETE'],
    ["for a method in small letters", "/echo", "here.test", "delete", 'rule "reading" does not allow delete'],
    ["for another path", "/private", "here.test", "GET", 'rule "reading" does not allow this path'],
    ["for a path in disguise", "/pub/..%2fprivate", "here.test", "GET", 'rule "reading" does not allow this path'],
  ] as const)
    test(what, async () => {
      const policy: Policy = { ...both, fetch: both.fetch && { ...both.fetch, rules: both.fetch.rules.slice(0, 1) } };
      const before = count();
      await assert.rejects(get(url(path, host), { policy, method }), denied(`${method} ${url(path, host)}`, rule));
      assert.equal(count(), before);
    });

  for (const [host, kind] of [
    ["127.0.0.1", "a loopback address"],
    ["0x7f000001", "a loopback address"],
    ["2130706433", "a loopback address"],
    ["0177.0.0.1", "a loopback address"],
    ["[::1]", "a loopback address"],
    ["[::ffff:127.0.0.1]", "a loopback address"],
    ["169.254.169.254", "a link-local address"],
    ["metadata.google.internal", "a link-local address"],
    ["10.1.2.3", "a private address"],
    ["100.64.1.1", "an address of a carrier's network"],
    ["[fe80::1]", "a link-local address"],
    ["[fd00:ec2::254]", "a private address"],
    ["[64:ff9b::7f00:1]", "an IPv4 address in the form of IPv6"],
    ["0.0.0.0", "the unspecified address"],
  ] as const)
    test(`for ${host}, which no rule names`, async () => {
      const resolve: Resolve = async () => [{ address: "169.254.169.254", family: 4 }];
      const before = count();
      const reason = `${new URL(url("/", host)).hostname} leads to ${kind}, and rule "open internet" names no network`;
      await assert.rejects(
        get(url("/private", host), { policy: both, resolve }),
        denied(`GET ${new URL(url("/private", host)).href}`, reason),
      );
      assert.equal(count(), before);
    });

  test("if only one of the addresses of a name is not of the internet", async () => {
    const resolve: Resolve = async () => [
      { address: "93.184.215.14", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    await assert.rejects(get(url("/private", "mixed.test"), { policy: both, resolve }), /leads to a loopback address/);
  });

  test("after a redirect to where it may not go", async () => {
    for (const [to, reason] of [
      [url("/private", "127.0.0.1"), "no rule of fetch.allow"],
      [url("/private", "other.test"), "no rule of fetch.allow"],
    ] as const)
      await assert.rejects(
        get(url(`/?to=${encodeURIComponent(to)}`)),
        ({ message }: Error) =>
          message.startsWith(`fetch denied by policy: GET ${to} is not allowed: ${reason}`) &&
          message.includes("(redirected from http://here.test"),
      );
    assert.ok(!server.asked.some((request) => request.url === "/private"));
  });

  test("as soon as the rule is gone", async () => {
    let policy = open();
    const asked = { policy: () => policy };
    assert.equal((await get(url("/echo"), asked)).status, 200);
    policy = grantsNothing;
    await assert.rejects(get(url("/echo"), asked), /denied by policy: .*the policy has no fetch any more/);
  });
});

describe("the address", () => {
  test("is asked for once, and used as it was judged: what the name leads to afterwards does not matter", async () => {
    let questions = 0;
    const resolve: Resolve = async () => {
      questions++;
      // The first answer is harmless, the next would be the yard itself: DNS rebinding.
      return [{ address: questions === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }];
    };
    const response = await get(url("/address"), { resolve });
    assert.equal(questions, 1);
    assert.equal(response.text, "127.0.0.1");
  });

  test("is judged again for each redirect, also to the same name", async () => {
    let questions = 0;
    const resolve: Resolve = async () => [{ address: ++questions === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }];
    await assert.rejects(get(url(`/?to=${url("/private")}`), { resolve }), /here\.test leads to a loopback address/);
    assert.equal(questions, 2);
  });

  test("that stands in the policy itself is meant", async () => {
    const policy = policyOf(`fetch: { allow: [{ name: it, hosts: ["127.0.0.1:${server.port}"] }] }`);
    assert.equal((await get(url("/private", "127.0.0.1"), { policy })).text, "secret");
    await assert.rejects(get(url("/private", "127.0.0.2"), { policy }), /no rule of fetch\.allow is for/);
  });

  test("comes from the system's own names where nothing else is said", async () => {
    const { fetch: policy } = policyOf(
      `fetch: { allow: [{ name: it, hosts: ["localhost:${server.port}"], networks: [127.0.0.0/8, "::1"] }] }`,
    );
    const fetch = createFetch({ policy: () => policy, maxResponseBytes: 1_000 });
    const args = { url: url("/private", "localhost"), method: "GET", headers: [], redirect: "follow" };
    const { content } = await fetch(args, new Uint8Array(), new AbortController().signal);
    assert.equal(content.toString(), "secret");
  });

  test("is needed", async () => {
    await assert.rejects(get(url("/echo"), { resolve: async () => [] }), /here\.test has no address/);
    const resolve: Resolve = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    await assert.rejects(get(url("/echo"), { resolve }), { code: "ENOTFOUND" });
    const never: Resolve = () => new Promise(() => {});
    await assert.rejects(get(url("/echo"), { resolve: never }), /no response within 2 s/);
  });
});

describe("a redirect", () => {
  for (const [status, method, becomes] of [
    [301, "POST", "GET"],
    [302, "PUT", "PUT"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
  ] as const)
    test(`${status} makes of ${method} a ${becomes}`, async () => {
      const response = await get(url(`/?status=${status}&to=/echo`), { method, body: method === "HEAD" ? "" : "sent" });
      assert.equal(response.url, url("/echo"));
      assert.equal(response.redirected, true);
      assert.equal(server.asked.at(-1)?.method, becomes);
      if (becomes !== "HEAD") assert.equal(JSON.parse(response.text).body, becomes === method ? "sent" : "");
    });

  test("takes no credentials to another host", async () => {
    const policy = open().fetch;
    const rule = policyOf('fetch: { allow: [{ name: b, hosts: ["b.test:*"], networks: [127.0.0.1] }] }').fetch;
    const both: Policy = { ...open(), fetch: policy && rule && { ...policy, rules: [...policy.rules, ...rule.rules] } };
    const headers = [
      ["authorization", "Bearer mine"],
      ["cookie", "mine"],
      ["x-kept", "1"],
    ] as const;
    const seen = JSON.parse((await get(url(`/?to=${url("/echo", "b.test")}`), { policy: both, headers })).text);
    assert.deepEqual([seen.authorization, seen.cookie, seen["x-kept"]], [undefined, undefined, "1"]);
    const own = JSON.parse((await get(url("/?to=/echo"), { headers })).text);
    assert.equal(own.authorization, "Bearer mine");
  });

  test("is handed over, or refused, where that was asked for", async () => {
    const response = await get(url("/?to=/echo"), { redirect: "manual" });
    assert.equal(response.status, 302);
    assert.ok(response.headers.some(([name, value]) => name === "location" && value === "/echo"));
    await assert.rejects(get(url("/?to=/echo"), { redirect: "error" }), /none was wanted/);
  });

  test("to itself ends", () => assert.rejects(get(url("/?to="), { redirect: "follow" }), /too many redirects/));
});

test("a certificate that nobody vouches for is refused", async () => {
  using directory = temporaryDirectory();
  const { cert, key } = await selfSignedTls(directory.path, { clock: systemClock }).load();
  const secure = createTlsServer({ cert, key }, (_, response) => void response.end("never")).listen(0, "127.0.0.1");
  using _closing = { [Symbol.dispose]: () => void secure.close() };
  await once(secure, "listening");
  const address = `https://here.test:${(secure.address() as AddressInfo).port}/`;
  await assert.rejects(get(address), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

describe("in a script", () => {
  let engine: TestPool;
  before(() => {
    engine = openTestPool();
  });
  after(() => engine[Symbol.asyncDispose]());

  const log = createLog({ level: "silent" });
  const run = (source: string, policy: Policy) =>
    engine.run(source, {
      capabilities: createCapabilities({ policy: () => policy, resolve: toHere, maxAnswerBytes: 1024 ** 2, log }),
    });

  test("fetch does not exist without a policy", async () => {
    const { value, failure } = await run("[typeof fetch, typeof fs]", grantsNothing);
    assert.equal(failure, undefined);
    assert.deepEqual(value, ["undefined", "undefined"]);
    const used = await run("await fetch('http://a/')", grantsNothing);
    assert.match(used.failure?.message ?? "", /^ReferenceError: fetch is not defined/);
  });

  test("fetch gives a Response", async () => {
    const { value, failure } = await run(
      `const response = await fetch("${url("/?to=/echo")}", { headers: { "X-Mine": "1" } });
       [response.ok, response.redirected, response.url, (await response.json())["x-mine"]]`,
      open(),
    );
    assert.equal(failure, undefined);
    assert.deepEqual(value, [true, true, url("/echo"), "1"]);
  });

  test("a denied fetch throws a plain Error that the script may catch", async () => {
    const { value } = await run(
      "await fetch('http://other.test/x', { method: 'put' }).catch((error) => [error.constructor === Error, error.message])",
      open(),
    );
    assert.deepEqual(value, [
      true,
      "fetch denied by policy: PUT http://other.test/x is not allowed: no rule of fetch.allow is for http://other.test",
    ]);
  });

  test("many fetches at once take turns", async () => {
    const { value, failure } = await run(
      `(await Promise.all(Array.from({ length: 10 }, () => fetch("${url("/large")}")))).map((r) => r.status)`,
      open(),
    );
    assert.equal(failure, undefined);
    assert.deepEqual(value, Array(10).fill(200));
  });

  test("a fetch that is under way ends with its script", async () => {
    const { status } = await engine.run(`await fetch("${url("/silent?script")}")`, {
      limits: { timeoutMs: 300 },
      capabilities: createCapabilities({ policy: open, resolve: toHere, maxAnswerBytes: 1024 ** 2, log }),
    });
    assert.equal(status, "timed_out");
    const asked = server.asked.find((request) => request.url === "/silent?script");
    await until(() => asked?.destroyed);
  });

  for (const [what, source, reason] of [
    ["modules", "await import('https://modules.test/lodash')", /External module imports are disabled/],
    ["Node's modules", "import fs from 'node:fs'; fs", /External module imports are disabled/],
    ["processes", "new Deno.Command('ls')", /Deno is not defined/],
    ["other servers", "await mcp.callTool('a', 'b')", /mcp is not defined/],
  ] as const)
    test(`${what} cannot be reached at all`, async () => {
      const { status, failure } = await run(source, open());
      assert.equal(status, "failed");
      assert.match(failure?.message ?? "", reason);
    });
});
