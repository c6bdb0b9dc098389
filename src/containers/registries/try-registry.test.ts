/** Signing in to registries, real servers on sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { networksOf } from "../../platform/http/outgoing/addresses.ts";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";
import { createTryRegistry } from "./try-registry.ts";

const ann = { username: "ann", password: "right" };
const basic = `Basic ${Buffer.from("ann:right").toString("base64")}`;
const tryRegistry = createTryRegistry({ allowNetworks: networksOf(["127.0.0.0/8"]), timeoutMs: 300 });

/** @param answer a status, with headers */
async function startServer(
  answer: (request: IncomingMessage, url: string) => [number, Record<string, string>?] | undefined,
) {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.url} ${request.headers.authorization ?? "-"}`);
    const [status, headers] = answer(request, url()) ?? [];
    if (status !== undefined) response.writeHead(status, headers).end("what nobody is told");
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    asked,
    api: new URL(`${url()}/v2/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const reason = (pattern: RegExp) => (error: unknown) => error instanceof ExchangeError && pattern.test(error.message);

test("one that wants nobody's name is asked once, and learns none", async () => {
  await using server = await startServer(() => [200]);
  assert.equal(await tryRegistry(server.api, ann), false);
  assert.deepEqual(server.asked, ["/v2/ -"]);
});

test("one that wants a name and password gets them, and may refuse them", async () => {
  await using server = await startServer(({ headers }) =>
    headers.authorization === basic ? [200] : [401, { "www-authenticate": 'Basic realm="r"' }],
  );
  assert.equal(await tryRegistry(server.api, ann), true);
  assert.deepEqual(server.asked, ["/v2/ -", `/v2/ ${basic}`]);
  await assert.rejects(
    tryRegistry(server.api, { ...ann, password: "wrong" }),
    reason(/refuses that name and password/),
  );
  await assert.rejects(tryRegistry(server.api, undefined), reason(/none are kept/));
});

test("one that hands out tokens is signed in to where it says", async () => {
  await using server = await startServer((request, url) => {
    if (request.url === "/v2/")
      return [401, { "www-authenticate": `Bearer realm="${url}/token",service="a b",scope="x"` }];
    return [request.headers.authorization === basic || request.headers.authorization === undefined ? 200 : 401];
  });
  assert.equal(await tryRegistry(server.api, ann), true);
  assert.equal(server.asked[1], `/token?service=a+b&account=ann ${basic}`);
  assert.equal(await tryRegistry(server.api, undefined), false);
  await assert.rejects(tryRegistry(server.api, { ...ann, password: "wrong" }), reason(/refuses/));
});

for (const [what, answer, expected] of [
  ["redirects", [302, { location: "http://127.0.0.1:1/" }], /status 302/],
  ["is no registry", [404], /status 404/],
  ["does not say how to sign in", [401], /does not say how/],
  ["sends to no server", [401, { "www-authenticate": 'Bearer realm="file:///etc/passwd"' }], /where to sign in/],
  ["sends into a network", [401, { "www-authenticate": 'Bearer realm="http://169.254.169.254/x"' }], /link-local/],
  ["says nothing", undefined, /no answer within 0.3 s/],
] as const)
  test(`one that ${what} is not used, and gets no password`, async () => {
    await using server = await startServer(() => answer && [...answer]);
    await assert.rejects(tryRegistry(server.api, ann), reason(expected));
    assert.deepEqual(server.asked, ["/v2/ -"]);
  });

test("networks of the yard's own are not asked unless they are allowed, whatever name leads there", async () => {
  const guarded = createTryRegistry({
    allowNetworks: networksOf([]),
    resolve: async () => [{ address: "10.0.0.1", family: 4 }],
  });
  await assert.rejects(
    guarded(new URL("https://registry.example/v2/"), ann),
    reason(/private.*registries\.allow-networks/),
  );
  for (const address of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254"])
    await assert.rejects(guarded(new URL(`http://${address}/v2/`), ann), reason(/registries\.allow-networks/), address);
});
