import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { until } from "../testing/until.ts";
import { createSocketChannel } from "./socket-channel.ts";

const mebibyte = 1024 * 1024;

/** Both ends of a connection. */
async function openPair() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[accepted]] = (await Promise.all([once(server, "connection"), once(client, "open")])) as [
    [WebSocket],
    unknown,
  ];
  return {
    ...{ client, accepted },
    async [Symbol.asyncDispose]() {
      client.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

test("large messages that nobody reads are held back, and come whole and in order once they are read", async () => {
  await using pair = await openPair();
  const { client, accepted } = pair;
  const channel = createSocketChannel(accepted);
  const sent = 12;
  for (let at = 0; at < sent; at++) client.send(Buffer.alloc(mebibyte, at));
  await until(() => accepted.isPaused, { what: "the connection is read no further" });
  let arrived = 0;
  accepted.on("message", () => (arrived += 1));
  let read = 0;
  for await (const message of channel) {
    assert.ok(Buffer.isBuffer(message) && message.length === mebibyte && message[0] === read);
    assert.ok(arrived <= read + 1, "no more than one waits while another is read");
    read += 1;
    if (read === sent) break;
  }
});

test("small messages wait, too, and are all there", async () => {
  await using pair = await openPair();
  const channel = createSocketChannel(pair.accepted);
  for (let at = 0; at < 1_000; at++) pair.client.send(String(at));
  await until(() => pair.accepted.isPaused, { what: "the connection is read no further" });
  const read: unknown[] = [];
  for await (const message of channel) if (read.push(message) === 1_000) break;
  assert.deepEqual(
    read,
    Array.from({ length: 1_000 }, (_, at) => String(at)),
  );
});
