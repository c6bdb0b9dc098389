import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { Type } from "typebox";
import { keepBodiesRaw, readAnyBodyAsJson } from "./bodies.ts";
import { exampleApi, exampleServer } from "./example-api.ts";

const hide = { schema: { hide: true }, config: { undocumented: "a test" } };

const strict = exampleApi("strict", (app) => {
  app.post("/strict", hide, async (request) => ({ body: request.body ?? null }));
  app.post(
    "/strict/typed",
    { ...hide, schema: { hide: true, body: Type.Object({ a: Type.Integer() }) } },
    async () => ({ ok: true }),
  );
});
const easy = exampleApi("easy", (app) => {
  readAnyBodyAsJson(app);
  app.post("/easy", hide, async (request) => ({ body: request.body ?? null }));
  app.post("/easy/small", { ...hide, bodyLimit: 10 }, async () => ({ ok: true }));
  app.register(async (raw) => {
    keepBodiesRaw(raw);
    raw.post("/easy/raw", hide, async (request) => ({
      bytes: Buffer.isBuffer(request.body) && request.body.toString("latin1"),
    }));
  });
});

async function post(url: string, payload: string | Buffer | undefined, contentType?: string) {
  await using server = await exampleServer({ apis: [strict, easy] });
  const headers = contentType === undefined ? {} : { "content-type": contentType };
  const response = await server.fastify.inject({ method: "POST", url, headers, payload });
  return { status: response.statusCode, ...response.json() };
}

test("JSON bodies are read, with any parameters and as any +json type", async () => {
  for (const type of [
    "application/json",
    "application/json; charset=utf-8",
    "application/merge-patch+json",
    "Application/JSON",
  ]) {
    assert.deepEqual(await post("/strict", '{"a":[1,"ü"]}', type), { status: 200, body: { a: [1, "ü"] } }, type);
  }
});

test("other types are refused where the API has not chosen otherwise", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "nonsense",
    "text/plain;\t",
  ]) {
    const reply = await post("/strict", '{"a":1}', type);
    assert.deepEqual([reply.status, reply.code, reply.field], [400, "invalid", "Content-Type"], type);
  }
});

test("an API may read JSON whatever the type says, and without one", async () => {
  for (const type of [
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "nonsense",
    ";",
    "application/json\t;",
  ]) {
    assert.deepEqual(await post("/easy", '{"a":1}', type), { status: 200, body: { a: 1 } }, type);
  }
  assert.deepEqual(await post("/easy", "", "application/json"), { status: 200, body: null });
  assert.deepEqual(await post("/easy", undefined), { status: 200, body: null });
});

test("a part of an API may keep bodies as the bytes that came", async () => {
  for (const type of [undefined, "application/json", "nonsense"]) {
    assert.deepEqual(
      await post("/easy/raw", Buffer.from([0xff, 0x00, 0x7b]), type),
      { status: 200, bytes: "\xff\x00{" },
      type,
    );
  }
});

for (const [what, body] of [
  ["broken JSON", '{"a":'],
  ["__proto__", '{"__proto__":{"admin":true}}'],
  ["an escaped __proto__", '{"\\u005f_proto__":{"admin":true}}'],
  ["constructor.prototype", '{"constructor":{"prototype":{"admin":true}}}'],
  ["10,000 levels", "[".repeat(10_000) + "]".repeat(10_000)],
  ["10,000 levels of objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
  ["compressed bytes", Buffer.from("1f8b0800000000000003", "hex")],
] as const) {
  test(`a body with ${what} is refused, and its content is not repeated`, async () => {
    for (const url of ["/strict", "/easy"]) {
      const reply = await post(url, body, "application/json");
      assert.deepEqual([reply.status, reply.code], [400, "invalid"], url);
      assert.match(reply.message, /^The body /);
      assert.ok(reply.message.length < 100);
    }
    assert.equal(Object.hasOwn(Object.prototype, "admin"), false);
  });
}

test("brackets inside of texts are no nesting", async () => {
  const text = `\\"${"[".repeat(500)}`;
  assert.equal((await post("/strict", `{"a":"${text}"}`, "application/json")).status, 200);
});

test("a body without content is no object", async () => {
  const reply = await post("/strict/typed", "", "application/json");
  assert.deepEqual([reply.status, reply.message], [400, "The body must be an object."]);
});

test("a body beyond the limit is refused with 413, also when it comes in pieces of unknown length", async () => {
  await using server = await exampleServer({ apis: [strict, easy] });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const large = "x".repeat(10 * 1024 * 1024);
  const known = await fetch(`${listener?.url}/easy`, { method: "POST", body: large });
  assert.equal(known.status, 413);
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 40; i++) controller.enqueue(Buffer.alloc(100_000, "x"));
      controller.close();
    },
  });
  const unknown = await fetch(`${listener?.url}/easy`, { method: "POST", body: pieces, duplex: "half" });
  assert.deepEqual([unknown.status, ((await unknown.json()) as { code: string }).code], [413, "too_large"]);
  assert.equal((await fetch(`${listener?.url}/easy/small`, { method: "POST", body: '{"a":1234567}' })).status, 413);
});

test("a body that stops coming is given up, with an answer, and the connection ends", async (t) => {
  await using server = await exampleServer({ apis: [easy] });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const socket = net.connect(listener?.spec.port ?? 0, "127.0.0.1");
  socket.write("POST /easy HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    received += chunk;
  });
  const closed = once(socket, "close");
  using _tick = setInterval(() => t.mock.timers.tick(61_000), 20);
  await closed;
  assert.match(received, /^HTTP\/1\.1 408 /);
  assert.match(received, /connection: close/i);
});
