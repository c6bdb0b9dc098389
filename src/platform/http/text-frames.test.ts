import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { until } from "../testing/until.ts";
import { exampleApi, exampleServer } from "./example-api.ts";
import { createSocketChannel, type SocketChannel } from "./socket-channel.ts";
import { textFrames } from "./text-frames.ts";
import { acceptWebSocket } from "./websockets.ts";

/** A server that hands out its end of each WebSocket. */
async function openPair() {
  const channels: SocketChannel[] = [];
  const api = exampleApi("lines", (app) => {
    app.get("/lines", { schema: { hide: true }, config: { undocumented: "a test" } }, async (request, reply) => {
      const socket = acceptWebSocket(request, reply, { maxMessageBytes: 1_000 });
      if (socket) channels.push(createSocketChannel(socket));
    });
  });
  const server = await exampleServer({ apis: [api] });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const client = new WebSocket(`ws://127.0.0.1:${listener!.spec.port}/lines`);
  const messages: string[] = [];
  client.on("message", (data, isBinary) => messages.push(isBinary ? "binary" : String(data)));
  await once(client, "open");
  const channel = await until(() => channels[0], { what: "the server's end" });
  return {
    ...{ client, messages, channel },
    async [Symbol.asyncDispose]() {
      client.terminate();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("lines of every length arrive as messages of text, among others and in order", async () => {
  await using pair = await openPair();
  const lengths = [0, 1, 124, 125, 126, 127, 65_535, 65_536, 70_000];
  const lines = lengths.map((length) => "é".repeat(length / 2) + "x".repeat(length % 2));
  await pair.channel.send("before");
  await pair.channel.sendLines(Buffer.from(lines.map((line) => `${line}\n`).join("")));
  await pair.channel.send("after");
  pair.channel.close(1000);
  const [code] = await once(pair.client, "close");
  assert.equal(code, 1000);
  assert.deepEqual(pair.messages, ["before", ...lines, "after"]);
});

test("whoever sends lines that nobody reads waits", async () => {
  await using pair = await openPair();
  pair.client.pause();
  const block = Buffer.from(`${"x".repeat(1_000)}\n`.repeat(1_000));
  let sent = 0;
  const flood = async () => {
    while (!pair.channel.closed.aborted) {
      await pair.channel.sendLines(block);
      sent += 1;
      await new Promise(setImmediate);
    }
  };
  const flooding = flood();
  const isHeldBack = async () => {
    const before = sent;
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    return sent === before && sent > 0;
  };
  await until(isHeldBack, { what: "the sender is held back" });
  pair.client.resume();
  await until(() => pair.messages.length > 50_000, { what: "all goes on" });
  pair.client.terminate();
  await flooding;
});

test("a line that is not whole is nobody's", () => {
  assert.throws(() => textFrames(Buffer.from("whole\nnot")), /not whole/);
});
