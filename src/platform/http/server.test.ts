import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Type } from "typebox";
import { YardError } from "../errors.ts";
import { until } from "../testing/until.ts";
import { exampleApi, exampleServer } from "./example-api.ts";
import { credentialLimit } from "./rate-limit.ts";
import { requestSignal } from "./request-signal.ts";

const anyPort = { secure: false, host: "127.0.0.1", port: 0 };
const hide = { schema: { hide: true }, config: { undocumented: "a test" } };

const red = exampleApi("red", (app) => {
  app.get("/red/hello", hide, async () => ({ hello: "red" }));
  app.get("/red/bug", hide, async () => {
    throw new Error("inside: s3cret");
  });
  app.get("/red/locked", hide, async () => {
    throw new YardError("too_many", "slowly");
  });
  app.post("/red/login", { schema: { hide: true }, ...credentialLimit(3) }, async () => ({ ok: true }));
});
const blue = exampleApi("blue", (app) => {
  app.get("/blue/hello", hide, async () => ({ hello: "blue" }));
  app.get("/blue/:name", hide, async (request) => request.params);
});

test("each API answers its own errors and unknown paths, the first one those that belong to none", async () => {
  await using server = await exampleServer({ apis: [red, blue] });
  const get = async (url: string) => {
    const response = await server.fastify.inject(url);
    return [response.statusCode, response.json().api];
  };
  assert.deepEqual(await get("/blue/a/b"), [404, "blue"]);
  assert.deepEqual(await get("/red"), [404, "red"]);
  assert.deepEqual(await get("/blueish"), [404, "red"]);
  assert.deepEqual(await get("/"), [404, "red"]);
  assert.deepEqual(await get("/red/locked"), [429, "red"]);
  assert.deepEqual(await get("/blue/%zz"), [400, "blue"]);
  assert.deepEqual(await get(`/blue/${"x".repeat(2_000)}`), [400, "blue"]);
});

test("a bug is logged with its request's id, and its inside is not told", async () => {
  await using server = await exampleServer({ apis: [red] });
  const response = await server.fastify.inject({
    url: "/red/bug?token=abc123",
    headers: { "x-request-id": "mine-1", authorization: "Bearer abc123" },
  });
  assert.equal(response.statusCode, 500);
  assert.equal(response.json().code, "internal");
  assert.doesNotMatch(response.body, /inside/);
  assert.match(response.json().message, /mine-1/);
  const line = server.lines.find((each) => each.includes("inside"));
  assert.ok(line);
  assert.match(line, /"requestId":"mine-1"/);
  assert.doesNotMatch(server.lines.join(""), /abc123/);
});

test("every reply carries the request's id and the security headers; a harmful id is replaced", async () => {
  await using server = await exampleServer({ apis: [red] });
  for (const url of ["/red/hello", "/nowhere", "/red/%zz", "/red/bug"]) {
    const { headers } = await server.fastify.inject({ url, headers: { "x-request-id": "a.b-1" } });
    assert.equal(headers["x-request-id"], "a.b-1", url);
    assert.equal(headers["x-content-type-options"], "nosniff", url);
    assert.equal(headers["x-frame-options"], "DENY", url);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/, url);
  }
  for (const given of ["", "x".repeat(65), "two words", "<script>"]) {
    const { headers } = await server.fastify.inject({ url: "/red/hello", headers: { "x-request-id": given } });
    assert.match(String(headers["x-request-id"]), /^[a-z0-9-]{10,}$/);
  }
});

test("requests are logged at debug in one line, without secrets of their query", async () => {
  await using server = await exampleServer({ apis: [red] });
  await server.fastify.inject("/red/hello?process_key=abc123&x=shown&ticket=abc123&%74oken=abc123");
  const line = await until(() => server.lines.find((each) => each.includes("/red/hello")));
  assert.match(line, /x=shown/);
  assert.doesNotMatch(line, /abc123/);
});

test("limits the tries of one address on a route that asks for it", async () => {
  await using server = await exampleServer({ apis: [red] });
  const login = () => server.fastify.inject({ method: "POST", url: "/red/login", remoteAddress: "10.0.0.1" });
  for (let i = 0; i < 3; i++) assert.equal((await login()).statusCode, 200);
  const refused = await login();
  assert.deepEqual([refused.statusCode, refused.json().code], [429, "too_many"]);
  const other = await server.fastify.inject({ method: "POST", url: "/red/login", remoteAddress: "10.0.0.2" });
  assert.equal(other.statusCode, 200);
});

test("believes X-Forwarded-For of trusted proxies alone", async () => {
  const api = exampleApi("ip", (app) => void app.get("/ip", hide, async (request) => ({ ip: request.ip })));
  const ask = async (trustedProxies: string[], remoteAddress: string) => {
    await using server = await exampleServer({ apis: [api], trustedProxies });
    return (
      await server.fastify.inject({ url: "/ip", remoteAddress, headers: { "x-forwarded-for": "9.9.9.9" } })
    ).json().ip;
  };
  assert.equal(await ask([], "10.0.0.1"), "10.0.0.1");
  assert.equal(await ask(["10.0.0.0/8"], "10.0.0.1"), "9.9.9.9");
  assert.equal(await ask(["10.0.0.0/8"], "11.0.0.1"), "11.0.0.1");
});

test("serves several addresses at once, one of them for one API only", async () => {
  await using server = await exampleServer({ apis: [red, blue] });
  const [whole, alone] = await server.listen([anyPort, { ...anyPort, apis: ["blue"] }]);
  assert.ok(whole && alone && whole.spec.port !== alone.spec.port && alone.spec.port > 0);
  const get = async (url: string) => {
    const response = await fetch(url);
    return [response.status, ((await response.json()) as { api: string }).api];
  };
  assert.equal((await fetch(`${whole.url}/red/hello`)).status, 200);
  assert.equal((await fetch(`${alone.url}/blue/hello`)).status, 200);
  assert.equal((await fetch(`${alone.url}/openapi/blue.json`)).status, 200);
  assert.deepEqual(await get(`${alone.url}/red/hello`), [404, "blue"]);
  assert.deepEqual(await get(`${alone.url}/docs`), [404, "blue"]);
});

test("refuses a port in use and a foreign address in one clear line, and then listens on none of them", async () => {
  await using server = await exampleServer({ apis: [red] });
  const [first] = await server.listen([anyPort]);
  assert.ok(first);
  await assert.rejects(server.listen([anyPort, first.spec]), (error: YardError) => {
    assert.equal(error.code, "conflict");
    assert.match(error.message, new RegExp(`^http://127\\.0\\.0\\.1:${first.spec.port}: another program`));
    return true;
  });
  await assert.rejects(server.listen([{ ...anyPort, host: "203.0.113.1" }]), {
    code: "invalid",
    message: /no such address/,
  });
  await assert.rejects(server.listen([{ ...anyPort, apis: ["green"] }]), { code: "not_found" });
});

test("closing ends long polls at once, lets requests under way finish and accepts no new ones", async () => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const api = exampleApi("slow", (app) => {
    app.get("/slow/poll", hide, async (_request, reply) => {
      const signal = requestSignal(reply);
      await once(signal, "abort");
      return { ended: true };
    });
    app.get("/slow/work", hide, async () => {
      started.resolve();
      await finish.promise;
      return { done: true };
    });
  });
  const server = await exampleServer({ apis: [api] });
  const [listener] = await server.listen([anyPort]);
  const poll = fetch(`${listener?.url}/slow/poll`);
  const work = fetch(`${listener?.url}/slow/work`);
  await started.promise;
  const closed = server[Symbol.asyncDispose]();
  assert.deepEqual(await (await poll).json(), { ended: true });
  await assert.rejects(fetch(`${listener?.url}/slow/poll`));
  finish.resolve();
  const reply = await work;
  assert.deepEqual(await reply.json(), { done: true });
  await closed;
});

test("closing cuts what does not end within the grace period", async () => {
  const api = exampleApi("slow", (app) => void app.get("/slow", hide, () => new Promise<never>(() => {})));
  const server = await exampleServer({ apis: [api], shutdownGraceMs: 50 });
  const [listener] = await server.listen([anyPort]);
  const hanging = fetch(`${listener?.url}/slow`);
  await until(() => listener?.server.listening);
  await Promise.all([assert.rejects(hanging), server[Symbol.asyncDispose]()]);
});

test("the signal of a request aborts when its client leaves, and not while it waits", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const api = exampleApi("slow", (app) => {
    app.post("/slow", hide, async (_request, reply) => {
      asked.resolve(requestSignal(reply));
      return new Promise<never>(() => {});
    });
  });
  await using server = await exampleServer({ apis: [api] });
  const [listener] = await server.listen([anyPort]);
  const request = http.request(`${listener?.url}/slow`, { method: "POST" }).on("error", () => {});
  request.end();
  const signal = await asked.promise;
  assert.equal(signal.aborted, false);
  const aborted = once(signal, "abort");
  request.destroy();
  await aborted;
});

test("a stream breaks off, rather than end in good order, when its source fails", async () => {
  const api = exampleApi("stream", (app) => {
    app.get("/stream", hide, (_request, reply) => {
      const source = new Readable({ read() {} });
      source.push("some");
      setImmediate(() => source.destroy(new Error("lost")));
      return reply.send(source);
    });
  });
  await using server = await exampleServer({ apis: [api] });
  const [listener] = await server.listen([anyPort]);
  await assert.rejects(fetch(`${listener?.url}/stream`).then((response) => response.text()));
});

test("what is no HTTP is answered with its status, and the connection ends", async () => {
  await using server = await exampleServer({ apis: [red] });
  const [listener] = await server.listen([anyPort]);
  const send = async (raw: string): Promise<string> => {
    const socket = net.connect(listener?.spec.port ?? 0, "127.0.0.1");
    socket.write(raw);
    return new Promise((resolve) => {
      let received = "";
      socket.setEncoding("utf8").on("data", (chunk) => {
        received += chunk;
      });
      socket.on("error", () => {}); // it is reset when we are refused before all is sent
      socket.on("close", () => resolve(received));
    });
  };
  assert.match(await send("GARBAGE\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await send(`GET / HTTP/1.1\r\nHost: a\r\n${"x: y\r\n".repeat(100_000)}\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await send("GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /); // no Host
  const smuggled =
    "POST /red/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  assert.match(await send(smuggled), /^HTTP\/1\.1 400 /);
});

test("a client that goes on with its body slowly after it was refused is cut off", async (t) => {
  await using server = await exampleServer({ apis: [red] });
  const [listener] = await server.listen([anyPort]);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const socket = net.connect(listener?.spec.port ?? 0, "127.0.0.1").on("error", () => {});
  socket.write("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  const [reply] = await once(socket, "data");
  assert.match(String(reply), /^HTTP\/1\.1 404 /);
  using _drip = setInterval(() => {
    socket.write("x");
    t.mock.timers.tick(1_000);
  }, 20);
  await new Promise((resolve) => socket.once("close", resolve));
});

test("counts requests by API, route and status", async () => {
  const { createMetrics } = await import("../metrics.ts");
  const metrics = createMetrics();
  await using server = await exampleServer({ apis: [red, blue], metrics });
  await server.fastify.inject("/blue/one");
  await server.fastify.inject("/blue/two");
  await server.fastify.inject("/blue/a/b");
  const found = await until(async () => {
    const { text: shown } = await metrics.text();
    return shown.includes('route="/blue/(unknown)",status="4xx"} 1') ? shown : undefined;
  });
  assert.match(found, /runyard_http_requests_total\{api="blue",method="GET",route="\/blue\/:name",status="2xx"\} 2/);
});

test("a document of each API, an index and an explorer that loads nothing from elsewhere", async () => {
  const api = exampleApi("shown", (app) => {
    const schema = {
      summary: "Get a thing",
      params: Type.Object({ id: Type.Integer() }),
      response: { 200: Type.Object({ n: Type.Literal(1) }) },
    };
    app.get("/shown/:id", { schema }, async () => ({ n: 1 as const }));
  });
  await using server = await exampleServer({ apis: [api, red] });
  const index = (await server.fastify.inject("/openapi")).json();
  assert.deepEqual(
    index.documents.map((document: { url: string }) => document.url),
    ["/openapi/shown.json", "/openapi/red.json"],
  );
  const document = (await server.fastify.inject("/openapi/shown.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths), ["/shown/{id}"]);
  assert.deepEqual(document.paths["/shown/{id}"].get.parameters[0].schema, { type: "integer" });

  const page = await server.fastify.inject("/docs");
  assert.equal(page.statusCode, 200);
  assert.match(String(page.headers["content-security-policy"]), /script-src 'self'/);
  assert.doesNotMatch(String(page.headers["content-security-policy"]), /unsafe/);
  const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(links.length >= 5);
  for (const link of links) {
    assert.match(link, /^\/docs\//);
    assert.equal((await server.fastify.inject(link)).statusCode, 200, link);
  }
  assert.doesNotMatch(page.body, /<script>|<style>|onload=/);
});
