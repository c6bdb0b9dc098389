import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text as readText } from "node:stream/consumers";
import test from "node:test";
import { type WebSocket as Client, WebSocket, WebSocketServer } from "ws";
import type { CapsuleStatus } from "../../../capsules/capsule.ts";
import { YardError } from "../../../platform/errors.ts";
import { exampleApi, exampleServer } from "../../../platform/http/example-api.ts";
import { newId } from "../../../platform/ids.ts";
import { createLog } from "../../../platform/log.ts";
import { until } from "../../../platform/testing/until.ts";
import { idToWire } from "../ids.ts";
import { createPortGateway, type PortGatewayParts } from "./port-gateway.ts";

const api = exampleApi("wrenn", (app) => {
  app.get("/v1/hello", { schema: { hide: true } }, async () => ({ hello: "api" }));
});

const capsuleId = newId("capsule");
const name = idToWire("capsule", capsuleId);
const teamId = newId("team");

/** A capsule in name only: its ports are servers of this test. */
async function openYard(inside: http.RequestListener, parts: Partial<PortGatewayParts> = {}) {
  await using opened = new AsyncDisposableStack();
  const server = opened.adopt(http.createServer(inside), closeServer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dialled: number[] = [];
  const capsule: { id: string; teamId: string; status: CapsuleStatus } = { id: capsuleId, teamId, status: "running" };
  const gateway = createPortGateway({
    capsules: {
      find: async (id) => (id === capsuleId ? capsule : undefined),
      enter: async () => ({ dial }),
    },
    openPorts: true,
    guards: {
      async admitHeaders(headers) {
        if (headers["x-api-key"] === "wrn_mine") return { teamId };
        if (headers["x-api-key"] === "wrn_other") return { teamId: newId("team") };
        throw new YardError("unauthenticated", "no credential");
      },
    },
    log: createLog({ level: "silent" }),
    ...parts,
  });
  async function dial(asked: number): Promise<Duplex> {
    dialled.push(asked);
    if (asked !== 8888) throw new YardError("unavailable", "refused");
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  }
  const yard = opened.use(await exampleServer({ apis: [api], gateway, shutdownGraceMs: 10_000 }));
  const [listener] = await yard.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const lifetime = opened.move();
  return {
    ...{ port: listener!.spec.port, server, dialled, capsule, yard },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

async function closeServer(server: http.Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

interface Asked {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

async function ask(
  port: number,
  path: string,
  { method = "GET", host = `8888-${name}.yard.test`, headers, body }: Asked = {},
) {
  const request = http.request({ port, path, method, headers: { host, ...headers }, agent: false });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, text: await readText(response) };
}

const echo: http.RequestListener = async (request, response) => {
  const body = await readText(request);
  response
    .setHeader("content-type", "application/json")
    .end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
};

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

test("a name with a port and a capsule leads there, whatever the path and method; every other name to the APIs", async () => {
  await using yard = await openYard(echo);
  const reply = await ask(yard.port, "/v1/hello?x=%2F", { method: "PATCH", body: "a body", headers: { "X-Own": "1" } });
  const seen: Echoed = JSON.parse(reply.text);
  assert.deepEqual([seen.method, seen.url, seen.body], ["PATCH", "/v1/hello?x=%2F", "a body"]);
  assert.equal(seen.headers["x-own"], "1");
  assert.equal(seen.headers.host, "127.0.0.1:8888");
  assert.equal(seen.headers["x-forwarded-host"], `8888-${name}.yard.test`);
  assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
  assert.equal(seen.headers["x-forwarded-proto"], "http");
  assert.equal(reply.headers["content-security-policy"], undefined, "its replies are its own");

  assert.equal((await ask(yard.port, "/a", { host: `8888-${name.toUpperCase()}.YARD.test:7700` })).status, 200);
  for (const host of ["yard.test", `8888-${name}`, `x8888-${name}.yard.test`, "127.0.0.1"]) {
    assert.equal((await ask(yard.port, "/v1/hello", { host })).text, '{"hello":"api"}', host);
  }
});

test("a name that leads nowhere is refused in plain text, with the reason", async () => {
  await using yard = await openYard(echo);
  const status = async (host: string) => {
    const reply = await ask(yard.port, "/", { host });
    assert.equal(reply.headers["content-type"], "text/plain; charset=utf-8");
    return reply.status;
  };
  assert.equal(await status(`0-${name}.x`), 400);
  assert.equal(await status(`65536-${name}.x`), 400);
  assert.equal(await status(`99999999999999999999-${name}.x`), 400);
  assert.equal(await status("80-cl-short.x"), 400);
  assert.equal(await status(`80-cl-${"z".repeat(25)}.x`), 400);
  assert.equal(await status(`80-${idToWire("capsule", newId("capsule"))}.x`), 404);
  assert.deepEqual(yard.dialled, []);

  assert.equal(await status(`80-${name}.x`), 502);
  assert.deepEqual(yard.dialled, [80, 80, 80], "it tries three times");

  for (const [capsuleStatus, expected] of [
    ["paused", 409],
    ["stopped", 409],
    ["missing", 503],
  ] as const) {
    Object.assign(yard.capsule, { status: capsuleStatus });
    assert.equal(await status(`8888-${name}.x`), expected, capsuleStatus);
  }
});

test("headers of one connection stay on it, and bodies are framed as they came", async () => {
  await using yard = await openYard(echo);
  const reply = await ask(yard.port, "/", {
    method: "POST",
    headers: {
      connection: "close, X-Private",
      "x-private": "1",
      "keep-alive": "300",
      "proxy-authorization": "Basic eDp5",
      te: "trailers",
      "transfer-encoding": "chunked",
      expect: "100-continue",
    },
    body: "in chunks",
  });
  const { headers, body }: Echoed = JSON.parse(reply.text);
  assert.equal(body, "in chunks");
  assert.equal(headers["transfer-encoding"], "chunked");
  for (const gone of ["x-private", "keep-alive", "proxy-authorization", "te", "expect", "content-length"])
    assert.equal(headers[gone], undefined, gone);

  // A GET with a body in chunks: to a server that took it for one without, what follows would be a request of its own.
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const seen: Echoed = JSON.parse(
    (await ask(yard.port, "/", { headers: { "transfer-encoding": "chunked" }, body: smuggled })).text,
  );
  assert.deepEqual([seen.method, seen.url, seen.body], ["GET", "/", smuggled]);
  const empty: Echoed = JSON.parse(
    (await ask(yard.port, "/", { method: "POST", headers: { "content-length": "0" } })).text,
  );
  assert.equal(empty.headers["content-length"], "0");
});

test("two lengths, a length beside chunks and a target that is no path are refused before a port is asked", async () => {
  let asked = 0;
  await using yard = await openYard((_request, response) => void response.end(String(++asked)));
  const statusOf = async (lines: readonly string[]) => {
    const socket = net.connect(yard.port, "127.0.0.1");
    socket.end(`${lines.join("\r\n")}\r\n\r\n`);
    return (await readText(socket)).split(" ")[1];
  };
  const host = `Host: 8888-${name}.yard.test`;
  assert.equal(await statusOf(["POST / HTTP/1.1", host, "Content-Length: 0", "Content-Length: 5"]), "400");
  assert.equal(await statusOf(["POST / HTTP/1.1", host, "Content-Length: 0", "Transfer-Encoding: chunked"]), "400");
  assert.equal(await statusOf(["POST / HTTP/1.1", host, "Transfer-Encoding: chunked, identity"]), "400");
  assert.equal(await statusOf([`GET http://169.254.169.254/ HTTP/1.1`, host]), "400");
  assert.equal(
    await statusOf(["POST / HTTP/1.1", host, "Connection: Upgrade", "Upgrade: x", "Content-Length: 3"]),
    "400",
  );
  assert.equal(asked, 0);
});

test("by its path a port is the team's alone, with a page's origin of its own and without cookies", async () => {
  await using yard = await openYard((request, response) => {
    if (request.url === "/moved") return void response.writeHead(302, { location: "/there?x=1" }).end();
    if (request.url === "/absolute") return void response.writeHead(302, { location: "http://localhost:8888/y" }).end();
    if (request.url === "/away") return void response.writeHead(302, { location: "https://example.com/z" }).end();
    response.setHeader("set-cookie", ["a=1", "b=2"]).setHeader("x-own", "1");
    void echo(request, response);
  });
  const at = `/v1/capsules/${name}/ports/8888`;
  const with_ = (key: string) => ({
    host: "yard.test",
    headers: { "x-api-key": key, cookie: "appmesh_auth_token=secret" },
  });
  assert.equal((await ask(yard.port, `${at}/`, { host: "yard.test" })).status, 401);
  assert.equal((await ask(yard.port, `${at}/`, with_("wrn_other"))).status, 404);
  const reply = await ask(yard.port, `${at}/a//b/../c?d=e`, with_("wrn_mine"));
  const seen: Echoed = JSON.parse(reply.text);
  assert.equal(seen.url, "/a//b/../c?d=e");
  assert.equal(seen.headers["x-api-key"], undefined);
  assert.equal(seen.headers.cookie, undefined);
  assert.equal(reply.headers["set-cookie"], undefined);
  assert.equal(reply.headers["x-own"], "1");
  assert.match(String(reply.headers["content-security-policy"]), /^sandbox/);
  assert.equal(JSON.parse((await ask(yard.port, `${at}?q=1`, with_("wrn_mine"))).text).url, "/?q=1");

  const location = async (path: string) => (await ask(yard.port, at + path, with_("wrn_mine"))).headers.location;
  assert.equal(await location("/moved"), `${at}/there?x=1`);
  assert.equal(await location("/absolute"), `${at}/y`);
  assert.equal(await location("/away"), "https://example.com/z");
});

test("by its name a port gets no key of the yard; and where names are closed, only the team gets there", async () => {
  await using open = await openYard(echo);
  const headers = { "x-api-key": "wrn_mine", authorization: "Bearer own", "x-host-token": "t" };
  const seen: Echoed = JSON.parse((await ask(open.port, "/", { headers })).text);
  assert.equal(seen.headers["x-api-key"], undefined);
  assert.equal(seen.headers["x-host-token"], undefined);
  assert.equal(seen.headers.authorization, "Bearer own");
  const own: Echoed = JSON.parse((await ask(open.port, "/", { headers: { "x-api-key": "of the app" } })).text);
  assert.equal(own.headers["x-api-key"], "of the app");

  await using closed = await openYard(echo, { openPorts: false });
  assert.equal((await ask(closed.port, "/")).status, 401);
  assert.equal((await ask(closed.port, "/", { headers: { "x-api-key": "wrn_other" } })).status, 404);
  const let_in: Echoed = JSON.parse((await ask(closed.port, "/", { headers })).text);
  assert.equal(let_in.headers["x-api-key"], undefined);
});

test("a reply comes as it is made, and one that breaks off breaks off", async () => {
  const breaksOff = Promise.withResolvers<void>();
  await using yard = await openYard((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    response.write("first\n");
    void breaksOff.promise.then(() => response.destroy());
  });
  const request = http.get({ port: yard.port, path: "/", headers: { host: `8888-${name}.x` }, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  assert.equal(String((await once(response, "data"))[0]), "first\n");
  breaksOff.resolve();
  await assert.rejects(readText(response), /aborted/);
});

test("a client that leaves ends the request inside", async () => {
  let left: Promise<unknown> | undefined;
  await using yard = await openYard((_request, response) => {
    left = once(response, "close");
    response.writeHead(200).flushHeaders();
  });
  const request = http.get({ port: yard.port, path: "/", headers: { host: `8888-${name}.x` }, agent: false });
  await once(request, "response");
  request.destroy();
  await left;
});

for (const { what, head } of [
  { what: "does not speak HTTP", head: "SSH-2.0-x\r\n" },
  {
    what: "answers with a protocol that nobody has asked for",
    head: "HTTP/1.1 101 So Be It\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  },
  { what: "says without end that a reply will come", head: "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(2_000) },
  { what: "has a head without end", head: `HTTP/1.1 200 OK\r\n${`A: ${"b".repeat(100)}\r\n`.repeat(2_000)}` },
  { what: "gives two lengths", head: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" },
  {
    what: "gives a length beside chunks",
    head: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
  },
  { what: "answers with status 0", head: "HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n" },
]) {
  test(`what ${what} is 502, and holds no connection`, async () => {
    const server = net.createServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.write(head)); // and stays
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connections = new Set<net.Socket>();
    await using yard = await openYard(echo, {
      capsules: {
        find: async () => yard.capsule,
        enter: async () => ({
          async dial() {
            const connection = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
            connections.add(connection);
            return connection.once("close", () => connections.delete(connection));
          },
        }),
      },
    });
    const reply = await ask(yard.port, "/");
    assert.deepEqual([reply.status, reply.headers["content-type"]], [502, "text/plain; charset=utf-8"]);
    await until(() => connections.size === 0, { what: "the connection inside is closed" });
    server.close();
  });
}

test("WebSockets pass, text and bytes in both directions, and close with their code", async () => {
  await using yard = await openYard(echo);
  const sockets = new WebSocketServer({ server: yard.server });
  sockets.on("connection", (socket: Client) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const headers = { host: `8888-${name}.yard.test` };
  const socket = new WebSocket(`ws://127.0.0.1:${yard.port}/live`, { headers });
  await once(socket, "open");
  for (const sent of [Buffer.from("text"), Buffer.alloc(300_000, 7)]) {
    socket.send(sent);
    const [received] = await once(socket, "message");
    assert.deepEqual(received, sent);
  }
  const closed = once(socket, "close");
  for (const each of sockets.clients) each.close(4001, "done");
  assert.deepEqual((await closed).map(String), ["4001", "done"]);
});

test("a refused upgrade is handed back, and so is one to where nothing listens", async () => {
  await using yard = await openYard((_request, response) => void response.writeHead(403, { "x-own": "1" }).end("no"));
  const refused = async (host: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${yard.port}/`, { headers: { host } });
    socket.on("error", () => {});
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    return [response.statusCode, response.headers["x-own"], await readText(response)];
  };
  assert.deepEqual(await refused(`8888-${name}.x`), [403, "1", "no"]);
  assert.deepEqual(await refused(`81-${name}.x`), [502, undefined, "Nothing answers on port 81 of the capsule.\n"]);
  assert.deepEqual((await refused(`0-${name}.x`))[0], 400);
});

test("one capsule has so many connections at one time, and then is refused more", async () => {
  const waiting: http.ServerResponse[] = [];
  await using yard = await openYard((_request, response) => void waiting.push(response));
  const agent = new http.Agent({ maxSockets: 300 });
  const requests = Array.from({ length: 256 }, () =>
    http.get({ port: yard.port, headers: { host: `8888-${name}.x` }, agent }).on("error", () => {}),
  );
  await until(() => waiting.length === 256, { what: "all wait inside" });
  assert.equal((await ask(yard.port, "/")).status, 503);
  for (const response of waiting) response.end();
  await Promise.all(requests.map((request) => once(request, "response")));
  agent.destroy();
  const next = ask(yard.port, "/");
  await until(() => waiting.length === 257, { what: "there is room again" });
  waiting.at(-1)!.end();
  assert.equal((await next).status, 200);
});

test("a server that closes cuts tunnels at once, and replies soon", async () => {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const yard = await openYard((_request, response) => {
    response.writeHead(200).flushHeaders();
    resolve();
  });
  new WebSocketServer({ server: yard.server });
  const socket = new WebSocket(`ws://127.0.0.1:${yard.port}/`, { headers: { host: `8888-${name}.x` } });
  await once(socket, "open");
  const request = http
    .get({ port: yard.port, headers: { host: `8888-${name}.x` }, agent: false })
    .on("error", () => {});
  await reached;
  const cut = once(socket, "close");
  const begun = performance.now();
  const closed = yard[Symbol.asyncDispose]();
  await cut;
  await closed;
  assert.ok(performance.now() - begun < 8_000, "it does not wait for its whole grace");
  request.destroy();
});
