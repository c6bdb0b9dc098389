import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Stream, connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { socketPair } from "../platform/socket-pair.ts";
import { joinStreams } from "./join-streams.ts";

interface Joined extends AsyncDisposable {
  readonly outside: ClientHttp2Stream;
  readonly inside: Socket;
  readonly program: Socket;
}

async function join(): Promise<Joined> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const [inside, program] = await socketPair({ allowHalfOpen: true });
  server.once("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {}); // as the agent does
    stream.respond({ ":status": 200 });
    joinStreams(stream, inside);
  });
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const outside = session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
  await once(outside, "response");
  return {
    outside,
    inside,
    program,
    async [Symbol.asyncDispose]() {
      for (const socket of [inside, program]) socket.destroy();
      session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("each side's end is passed on by itself", async () => {
  await using joined = await join();
  joined.outside.end("from outside");
  assert.equal(await text(joined.program), "from outside");
  joined.program.end("from inside");
  assert.equal(await text(joined.outside), "from inside");
});

for (const hasEnded of [false, true]) {
  test(`a break inside is one outside, where outside has ${hasEnded ? "" : "not "}ended its side`, async () => {
    await using joined = await join();
    joined.outside.on("error", () => {});
    joined.outside.resume();
    if (hasEnded) {
      joined.outside.end();
      joined.program.resume();
      await once(joined.program, "end");
    }
    const closed = new Promise((resolve) => joined.outside.once("close", resolve));
    joined.inside.destroy();
    await closed;
    assert.notEqual(joined.outside.rstCode, 0, "it must not look like an end");
  });
}

test("a break outside is one inside", async () => {
  await using joined = await join();
  joined.outside.on("error", () => {});
  const closed = once(joined.inside, "close");
  joined.outside.destroy();
  await closed;
});
