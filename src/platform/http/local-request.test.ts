import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleApi, exampleServer } from "./example-api.ts";
import { isLocalRequest } from "./local-request.ts";

const api = exampleApi("where", (app) => {
  app.get("/where", { schema: { hide: true } }, async (request) => ({ local: isLocalRequest(request) }));
});

for (const { what, from = "127.0.0.1", headers = {}, local } of [
  { what: "a program on this machine", local: true },
  { what: "one that uses IPv6", from: "::1", headers: { host: "[::1]:7700" }, local: true },
  { what: "one that says localhost", headers: { host: "localhost:7700" }, local: true },
  { what: "a page of our own", headers: { host: "localhost:7700", origin: "http://localhost:7700" }, local: true },
  { what: "another machine", from: "10.0.0.1", local: false },
  { what: "another machine behind a proxy on this one", headers: { "x-forwarded-for": "10.0.0.1" }, local: false },
  { what: "a foreign page whose name resolves to this machine", headers: { host: "evil.example:7700" }, local: false },
  { what: "a name that only begins like ours", headers: { host: "127.0.0.1.evil.example" }, local: false },
  {
    what: "a foreign page in a browser here",
    headers: { host: "localhost:7700", origin: "https://evil.example" },
    local: false,
  },
  { what: "a sandboxed page in a browser here", headers: { host: "localhost:7700", origin: "null" }, local: false },
]) {
  test(`${what} is ${local ? "" : "not "}local`, async () => {
    await using server = await exampleServer({ apis: [api] });
    const response = await server.fastify.inject({
      url: "/where",
      remoteAddress: from,
      headers: { host: "127.0.0.1:7700", ...headers },
    });
    assert.equal(response.json().local, local);
  });
}
