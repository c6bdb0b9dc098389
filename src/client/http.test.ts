import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { createYardClient, discard, readBytes, readJson, readText } from "./http.ts";

async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a request carries the token, the query and its JSON", async () => {
  await using server = await serve((request, response) => {
    request.pipe(response.setHeader("x-seen", `${request.method} ${request.url} ${request.headers.authorization}`));
  });
  const client = createYardClient({ url: server.url, token: "secret" });
  const response = await client.request({
    method: "POST",
    path: "/x",
    query: { a: "b c", none: undefined },
    json: { key: "wörth" },
  });
  assert.equal(response.headers["x-seen"], "POST /x?a=b+c Bearer secret");
  assert.equal(await readText(response), '{"key":"wörth"}');
});

test("bytes go out as they are, labelled as such", async () => {
  await using server = await serve((request, response) => {
    request.pipe(
      response.setHeader("x-seen", `${request.headers["content-type"]} ${request.headers["content-length"]}`),
    );
  });
  const bytes = Buffer.from([0, 255, 10]);
  const response = await createYardClient({ url: server.url }).request({ method: "POST", path: "/x", bytes });
  assert.equal(response.headers["x-seen"], "application/octet-stream 3");
  assert.deepEqual(await readBytes(response), bytes);
});

test("what an answer says reaches the terminal as text, not as a command", async () => {
  await using server = await serve((_request, response) => response.writeHead(404).end('{"message":"no \\u001b[2J"}'));
  await assert.rejects(
    createYardClient({ url: server.url }).request({ method: "GET", path: "/" }),
    (error) => isYardError(error) && error.message === "no \\x1b[2J",
  );
});

const storeError = "<Error><Code>AccessDenied</Code><Message>why</Message></Error>";
for (const body of ['{"message":"why"}', '{"error":{"message":"why"}}', '{"error":"why"}', storeError])
  test(`what went wrong is read from ${body}`, async () => {
    await using server = await serve((_request, response) => response.writeHead(409).end(body));
    await assert.rejects(
      createYardClient({ url: server.url }).request({ method: "GET", path: "/" }),
      (error) => isYardError(error, "conflict") && error.message === "why",
    );
  });

test("an answer that is no JSON is refused without repeating it", async () => {
  await using server = await serve((_request, response) => response.end("\x1b[2J<html>"));
  const response = await createYardClient({ url: server.url }).request({ method: "GET", path: "/" });
  await assert.rejects(readJson(response), (error) => isYardError(error, "internal") && !/html/.test(error.message));
});

test("a redirect is not followed: the token stays with the yard it belongs to", async () => {
  const seen: unknown[] = [];
  await using elsewhere = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  await using server = await serve((_request, response) => response.writeHead(307, { location: elsewhere.url }).end());
  const client = createYardClient({ url: server.url, token: "secret" });
  await assert.rejects(
    client.request({ method: "GET", path: "/" }),
    (error) => isYardError(error) && error.message.includes(elsewhere.url),
  );
  assert.deepEqual(seen, []);
});

test("where nobody listens the error says how to start a yard", async () => {
  const server = await serve(() => {});
  await server[Symbol.asyncDispose]();
  await assert.rejects(
    createYardClient({ url: server.url }).request({ method: "GET", path: "/" }),
    (error) => isYardError(error, "unavailable") && /cannot connect to .*runyard serve/.test(error.message),
  );
});

test("a yard that does not answer is given up", async () => {
  await using server = await serve(() => {});
  await assert.rejects(
    createYardClient({ url: server.url }).request({ method: "GET", path: "/", timeoutMs: 50 }),
    (error) => isYardError(error, "unavailable") && /no answer within/.test(error.message),
  );
});

for (const { status, body, code, message } of [
  { status: 404, body: '{"message":"no such app"}', code: "not_found", message: "no such app" },
  {
    status: 403,
    body: '{"error":{"code":"forbidden","message":"not yours"}}',
    code: "forbidden",
    message: "not yours",
  },
  { status: 401, body: '{"message":"expired"}', code: "unauthenticated", message: "runyard login" },
  { status: 502, body: "<html>", code: "internal", message: "answered 502: Bad Gateway" },
] as const) {
  test(`status ${status} with the body ${body} becomes ${code}`, async () => {
    await using server = await serve((_request, response) => response.writeHead(status).end(body));
    await assert.rejects(
      createYardClient({ url: server.url }).request({ method: "GET", path: "/" }),
      (error) => isYardError(error, code) && error.message.includes(message),
    );
  });
}

test("a URL that the yard has handed out is asked without the credential", async () => {
  const seen: unknown[] = [];
  await using store = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  const yard = createYardClient({ url: "http://127.0.0.1:9", token: "secret" });
  await discard(await yard.withoutCredential(store.url).request({ method: "GET", path: "/key?signature=1" }));
  assert.deepEqual(seen, [undefined]);
});
