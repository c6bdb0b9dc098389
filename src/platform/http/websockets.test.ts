import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { WebSocket } from "ws";
import { YardError } from "../errors.ts";
import { until } from "../testing/until.ts";
import { exampleApi, exampleServer } from "./example-api.ts";
import { createSocketChannel } from "./socket-channel.ts";
import { acceptWebSocket } from "./websockets.ts";

const hide = { schema: { hide: true }, config: { undocumented: "a test" } };

/** What the route `/talk/flood` has sent, and whether it was held back. */
const flood = { sent: 0, isWaiting: false };

const talk = exampleApi("talk", (app) => {
  const guarded = async (request: { headers: Record<string, unknown> }) => {
    if (request.headers["x-key"] === undefined) throw new YardError("unauthenticated", "No key.");
  };
  app.get("/talk/plain", hide, async () => "plain");
  app.get("/talk/echo", { ...hide, onRequest: guarded }, async (request, reply) => {
    const socket = acceptWebSocket(request, reply, { maxMessageBytes: 1_000 });
    if (!socket) return;
    const channel = createSocketChannel(socket);
    for await (const text of channel) {
      if (text === "leave") channel.close(1000, "as you wish");
      else await channel.send(`${text}!`);
    }
  });
  app.get("/talk/flood", hide, async (request, reply) => {
    const socket = acceptWebSocket(request, reply, { maxMessageBytes: 1_000 });
    if (!socket) return;
    const channel = createSocketChannel(socket);
    while (!channel.closed.aborted) {
      flood.isWaiting = true;
      await channel.send("x".repeat(32_768));
      flood.isWaiting = false;
      flood.sent += 1;
      if (flood.sent % 64 === 0) await new Promise(setImmediate);
    }
  });
});

async function serve() {
  const server = await exampleServer({ apis: [talk] });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const port = listener!.spec.port;
  return {
    port,
    connect: (path: string, headers: Record<string, string> = { "x-key": "1" }) =>
      new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The status that a refused upgrade is answered with. */
async function refusal(socket: WebSocket): Promise<[number | undefined, string]> {
  const [, response] = await once(socket, "unexpected-response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return [response.statusCode, body];
}

test("a WebSocket talks, also when its first message comes together with the request, and ends with a code", async () => {
  await using server = await serve();
  const socket = server.connect("/talk/echo");
  const heard: string[] = [];
  socket.on("message", (data) => void heard.push(String(data)));
  await once(socket, "open");
  for (const text of ["a", "b", "c"]) socket.send(text);
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ["a!", "b!", "c!"]);
  socket.send("leave");
  const [code, reason] = await once(socket, "close");
  assert.deepEqual([code, String(reason)], [1000, "as you wish"]);
});

test("a refused upgrade gets its API's answer, and the connection ends", async () => {
  await using server = await serve();
  const refused = await refusal(server.connect("/talk/echo", {}));
  assert.equal(refused[0], 400); // as the example spells it
  assert.match(refused[1], /No key/);
  assert.equal((await refusal(server.connect("/talk/unknown")))[0], 404);
  assert.deepEqual(await refusal(server.connect("/talk/plain")), [200, "plain"]);
});

test("a request for no WebSocket is told that there is one, and other upgrades are not taken", async () => {
  await using server = await serve();
  const plain = await fetch(`http://127.0.0.1:${server.port}/talk/echo`, { headers: { "x-key": "1" } });
  assert.deepEqual([plain.status, ((await plain.json()) as { field: string }).field], [400, "Upgrade"]);
  const asking = httpRequest({ port: server.port, host: "127.0.0.1", path: "/talk/plain" });
  asking.setHeader("connection", "upgrade").setHeader("upgrade", "h2c").end();
  const [answer] = await once(asking, "response");
  assert.equal(answer.resume().statusCode, 200);
});

test("an unsound handshake is refused", async () => {
  await using server = await serve();
  const asking = httpRequest({ port: server.port, host: "127.0.0.1", path: "/talk/flood" });
  asking.setHeader("connection", "upgrade").setHeader("upgrade", "websocket").end();
  const [answer] = await once(asking, "response");
  assert.equal(answer.resume().statusCode, 400);
});

test("a message beyond the limit ends the connection", async () => {
  await using server = await serve();
  const socket = server.connect("/talk/echo");
  await once(socket, "open");
  socket.send("x".repeat(1_001));
  assert.equal((await once(socket, "close"))[0], 1009);
});

test("who does not read is not sent more than it takes", async () => {
  await using server = await serve();
  const socket = server.connect("/talk/flood");
  await once(socket, "open");
  socket.pause();
  let before = -1;
  await until(() => {
    const isHeldBack = flood.isWaiting && flood.sent === before;
    before = flood.sent;
    return isHeldBack;
  });
  assert.ok(flood.sent * 32_768 < 64 * 1024 * 1024, `${flood.sent} messages were taken`);
  socket.resume();
  await until(() => flood.sent > before + 100);
  socket.terminate();
  await once(socket, "close");
});

test("a server that closes ends its WebSockets, and waits for none that does not answer", async () => {
  await using server = await serve();
  const [keen, mute] = [server.connect("/talk/echo"), server.connect("/talk/echo")];
  await Promise.all([once(keen, "open"), once(mute, "open")]);
  mute.pause();
  const closed = once(keen, "close");
  await server[Symbol.asyncDispose]();
  assert.equal((await closed)[0], 1001);
  mute.terminate();
});
