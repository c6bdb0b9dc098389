import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type ClientHttp2Session, connect, performServerHandshake } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { until } from "./testing/until.ts";
import { tunnelSocketOptions, tunnelStream } from "./tunnel-stream.ts";

interface Tunnel {
  readonly session: ClientHttp2Session;
  /** Of the side that asks. */
  readonly near: Socket;
  readonly nearWebSocket: WebSocket;
  readonly far: Socket;
}

/** The side that listens asks, the side that has dialled answers: with what it is sent. */
async function openTunnels(count: number): Promise<AsyncDisposable & { readonly tunnels: readonly Tunnel[] }> {
  const opened = new AsyncDisposableStack();
  const server = createServer();
  const webSockets = new WebSocketServer({ ...tunnelSocketOptions, server });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Tunnel> => {
    const dialled = new WebSocket(`ws://127.0.0.1:${port}`, tunnelSocketOptions);
    const farStream = once(dialled, "open").then(() => tunnelStream(dialled));
    const [nearWebSocket] = (await once(webSockets, "connection")) as [WebSocket];
    const [near, far] = await Promise.all([tunnelStream(nearWebSocket), farStream]);
    const serving = performServerHandshake(far, { maxSessionMemory: 128 });
    serving.on("error", () => {});
    serving.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const session = connect("http://far", { createConnection: () => near, maxSessionMemory: 128 });
    session.on("error", () => {});
    opened.defer(() => session.destroy());
    return { session, near, nearWebSocket, far };
  };
  const tunnels: Tunnel[] = [];
  for (let number = 0; number < count; number++) tunnels.push(await open());
  return { tunnels, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function sendMuch({ session }: Tunnel, bytes: number) {
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  stream.end(Buffer.alloc(bytes, 7));
  return stream;
}

test("what goes into a tunnel comes back whole", async () => {
  await using opened = await openTunnels(1);
  const stream = sendMuch(opened.tunnels[0]!, 20_000_000);
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
  assert.equal(bytes, 20_000_000);
});

for (const { what, cut } of [
  { what: "its session is destroyed", cut: ({ session }) => session.destroy(new Error("cut")) },
  { what: "its stream is destroyed", cut: ({ near }) => void near.destroy(new Error("cut")) },
  { what: "its WebSocket is gone", cut: ({ nearWebSocket }) => nearWebSocket.terminate() },
  { what: "its far side is gone", cut: ({ far }) => void far.destroy() },
] as const satisfies readonly { what: string; cut: (tunnel: Tunnel) => void }[]) {
  test(`a tunnel ends at both ends when ${what} while it is full, and harms nobody`, async () => {
    await using opened = await openTunnels(10);
    for (const tunnel of opened.tunnels) sendMuch(tunnel, 4_000_000).resume();
    for (const tunnel of opened.tunnels) {
      await new Promise(setImmediate);
      cut(tunnel);
    }
    const isOver = ({ session, near, far }: Tunnel) => session.destroyed && near.destroyed && far.destroyed;
    await until(() => opened.tunnels.every(isOver), { what: "all of them are over" });
  });
}

test("a side that does not read is not sent more than the buffers hold", async () => {
  await using opened = await openTunnels(1);
  const [tunnel] = opened.tunnels;
  assert.ok(tunnel);
  const stream = tunnel.session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  const chunk = Buffer.alloc(1_000_000);
  let sent = 0;
  const isFull = async () => {
    while (stream.write(chunk)) sent += chunk.length;
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return sent === before && tunnel.nearWebSocket.bufferedAmount < 2_000_000;
  };
  await until(isFull, { what: "nothing more is taken" });
  assert.ok(sent < 20_000_000, `${sent} bytes were taken`);
});

test("a WebSocket that breaks before its tunnel is there leaves none of it", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}`, { maxPayload: 10 });
  const [accepted] = (await once(server, "connection")) as [WebSocket];
  await once(webSocket, "open");
  accepted.send(Buffer.alloc(1_000)); // more than is taken
  const tunnel = await tunnelStream(webSocket);
  await until(() => tunnel.closed);
  server.close();
  await once(server, "close");
});
