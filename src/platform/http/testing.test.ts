import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Type } from "typebox";
import type { ApiInstance } from "./api.ts";
import { exampleApi, exampleServer, Failure } from "./example-api.ts";
import { assertRoutesDocumented } from "./testing.ts";

const Thing = Type.Object({ n: Type.Integer() });
const good = exampleApi("good", (app) => {
  app.get(
    "/good/:id",
    { schema: { params: Type.Object({ id: Type.String() }), response: { 200: Thing } } },
    async () => ({ n: 1 }),
  );
  app.delete("/good/:id", { schema: { response: { 204: Type.Null() } } }, async (_request, reply) =>
    reply.code(204).send(null),
  );
  app.get("/good/files/*", { schema: { response: { 200: Type.String() } } }, async () => "x");
});

test("accepts servers whose documents hold exactly their routes", async () => {
  await using server = await exampleServer({ apis: [good] });
  await assertRoutesDocumented(server);
});

for (const [what, register, complaint] of [
  [
    "a route that is hidden",
    (app: ApiInstance) => void app.get("/bad/x", { schema: { hide: true } }, async () => 1),
    /GET \/bad\/x is registered, but in no document/,
  ],
  [
    "a documented route that was declared as left out",
    (app: ApiInstance) => void app.get("/bad/x", { config: { undocumented: "why" } }, async () => 1),
    /GET \/bad\/x is documented, but declared as left out/,
  ],
] as const) {
  test(`refuses ${what}`, async () => {
    await using server = await exampleServer({ apis: [good, exampleApi("bad", register)] });
    await assert.rejects(assertRoutesDocumented(server), complaint);
  });
}

test("refuses a document with an operation that nobody serves", async () => {
  await using server = await exampleServer({ apis: [good] });
  const routes = server.routes.filter(({ method }) => method !== "DELETE");
  await assert.rejects(
    assertRoutesDocumented({ ...server, routes }),
    /DELETE \/good\/\{id\} is documented, but not registered/,
  );
});

test("lets replies pass that fit their schema", async () => {
  const api = exampleApi("fits", (app) => {
    const text = { content: { "text/plain": { schema: Type.String({ minLength: 1 }) } } };
    app.get("/fits/json", { schema: { response: { 200: Thing } } }, async () => ({ n: 1 }));
    app.get("/fits/text", { schema: { response: { 200: text } } }, async (_request, reply) =>
      reply.type("text/plain; charset=utf-8").send("x"),
    );
    const bytes = { content: { "text/plain": { schema: Type.Unsafe<Readable>({ type: "string" }) } } };
    app.get("/fits/bytes", { schema: { response: { 200: bytes } } }, async (_request, reply) =>
      reply.type("text/plain").send(Readable.from(["x"])),
    );
    app.get("/fits/none", { schema: { response: { 204: Type.Null() } } }, async (_request, reply) =>
      reply.code(204).send(null),
    );
    app.get("/fits/failure", { schema: { response: { "4xx": Failure } } }, async (_request, reply) =>
      reply.code(404).send({ code: "c", message: "m" }),
    );
  });
  await using server = await exampleServer({ apis: [api], validateResponses: true });
  for (const [path, status] of [
    ["json", 200],
    ["text", 200],
    ["bytes", 200],
    ["none", 204],
    ["failure", 404],
  ] as const) {
    const response = await server.fastify.inject(`/fits/${path}`);
    assert.equal(response.statusCode, status, response.body);
  }
});

test("turns replies that do not fit their schema into failures that say why", async () => {
  // Raw text goes past the serialiser, which would drop or convert what it can: so a handler's slip shows as it was made.
  const api = exampleApi("unfit", (app) => {
    const raw = (path: string, schema: object, status: number, type: string, body: string) =>
      app.get(`/unfit/${path}`, { schema }, (_request, reply) => void reply.code(status).type(type).send(body));
    raw("status", { response: { 200: Thing } }, 201, "application/json", '{"n":1}');
    raw("body", { response: { 200: Thing } }, 200, "application/json", '{"n":"one"}');
    raw("type", { response: { 200: { content: { "text/plain": { schema: Type.String() } } } } }, 200, "text/html", "x");
    raw("nothing", { summary: "no response schema" }, 200, "application/json", "{}");
  });
  await using server = await exampleServer({ apis: [api], validateResponses: true });
  for (const [path, reason] of [
    ["status", /→ 201: the status is not documented \(documented: 200\)/],
    ["body", /the body does not fit: \/n must be integer/],
    ["type", /the Content-Type "text\/html" is not documented/],
    ["nothing", /documented: none/],
  ] as const) {
    const response = await server.fastify.inject(`/unfit/${path}`);
    assert.equal(response.statusCode, 500, path);
    assert.match(response.body, reason);
  }
});

test("errors have to fit as well", async () => {
  const api = exampleApi("unfit", (app) => {
    app.get(
      "/unfit",
      { schema: { querystring: Type.Object({ n: Type.Integer() }), response: { 200: Thing } } },
      async () => ({ n: 1 }),
    );
  });
  await using server = await exampleServer({ apis: [api], validateResponses: true });
  const response = await server.fastify.inject("/unfit?n=x");
  assert.match(response.body, /→ 400: the status is not documented/);
});
