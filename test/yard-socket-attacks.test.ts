/** The live socket, used as no client does: every connection costs the server little, ends where it has to, and disturbs nobody. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type Caller, callerOf, useDockmeshYard } from "./support/dockmesh.ts";
import { openTestYard } from "./support/yard-in-process.ts";
import { issueTicket, liveRefusal, openLive } from "./support/yard-live.ts";

const [text, continuation, ping] = [0x1, 0x0, 0x9];
const mebibyte = 1024 ** 2;

/** A frame as clients send them. @param isLast of its message */
function frame(opcode: number, payload: Buffer, isLast = true): Buffer {
  assert.ok(payload.length < 126);
  const mask = randomBytes(4);
  const masked = payload.map((byte, i) => byte ^ mask[i % 4]!);
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, 0x80 | payload.length]), mask, masked]);
}

describe("the live socket", () => {
  const yard = useDockmeshYard();

  /** A connection below the library that keeps clients from this. @returns it, and the server's first line */
  async function upgrade(who: Pick<Caller, "token">, headers: Readonly<Record<string, string>> = {}) {
    const socket = connect(Number(new URL(yard.url).port), "127.0.0.1");
    socket.on("error", () => {}); // it is cut by the server
    const all = {
      ...{ host: "yard", authorization: `Bearer ${who.token}`, upgrade: "websocket", connection: "upgrade" },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64"), ...headers },
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    socket.write(`GET /yard/v1/live HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    const [head] = await once(socket, "data");
    return { socket, status: Number(/^HTTP\/1\.1 (\d+)/.exec(String(head))?.[1]) };
  }

  /** As much as it takes, for as long as it is taken. @returns how many bytes were */
  async function flood(socket: Socket, bytes: Buffer, most: number): Promise<number> {
    socket.pause(); // and never reads what is answered
    while (socket.bytesWritten < most && !socket.destroyed) {
      if (socket.write(bytes)) continue;
      const drained = once(socket, "drain", { signal: AbortSignal.timeout(1_000) });
      if (
        await drained.then(
          () => false,
          () => true,
        )
      )
        break;
    }
    const { bytesWritten, writableLength } = socket;
    socket.destroy();
    return bytesWritten - writableLength;
  }

  test("a ticket is of one yard alone, and of nobody who is gone", async () => {
    const gone = await yard.makeUser("viewer");
    const ticket = await issueTicket(yard.url, gone.token);
    using live = await openLive(yard.url, gone.token);
    await using other = await openTestYard();
    const elsewhere = await issueTicket(other.url, (await callerOf(other, "admin")).token);
    assert.equal(await liveRefusal(yard.url, `?ticket=${elsewhere}`), 401);
    await yard.opened.yard.identity.users.delete(gone.username);
    assert.equal(await liveRefusal(yard.url, `?ticket=${ticket}`), 401);
    assert.equal(await live.closed, 4401);
  });

  test("what browsers send by themselves opens nothing, from whichever page", async () => {
    const { token } = yard.admin;
    const cookies = { cookie: `appmesh_auth_token=${token}; token=${token}; session=${token}`, authorization: "" };
    for (const origin of ["http://evil.example", "null", yard.url]) {
      const { socket, status } = await upgrade(yard.admin, { ...cookies, origin });
      assert.equal(status, 401, origin);
      socket.destroy();
    }
    const response = await fetch(`${yard.url}/yard/v1/tickets`, {
      method: "POST",
      headers: { cookie: cookies.cookie },
    });
    assert.equal(response.status, 401);
  });

  test("an upgrade that is none takes no seat", async () => {
    const user = await yard.makeUser("viewer");
    for (let i = 0; i < 60; i++) {
      const { socket, status } = await upgrade(user, { "sec-websocket-version": "7" });
      assert.equal(status, 400);
      socket.destroy();
    }
    using live = await openLive(yard.url, user.token);
    assert.deepEqual((await live.subscribe("hosts")).subscribed, ["hosts"]);
  });

  test("of a thousand connections of one user fifty are open, and others have theirs", async () => {
    const user = await yard.makeUser("viewer");
    const all = await Promise.all(Array.from({ length: 1_000 }, () => upgrade(user)));
    assert.equal(all.filter(({ status }) => status === 101).length, 50);
    assert.ok(all.every(({ status }) => status === 101 || status === 429));
    using live = await openLive(yard.url, yard.admin.token);
    assert.deepEqual((await live.subscribe("hosts")).subscribed, ["hosts"]);
    for (const { socket } of all) socket.destroy();
    await until(async () => {
      const { socket, status } = await upgrade(user);
      socket.destroy();
      return status === 101;
    });
  });

  for (const [what, bytes] of Object.entries({
    pings: frame(ping, Buffer.alloc(125)),
    "messages that nobody understands": frame(text, Buffer.alloc(100, "x")),
    subscriptions: Buffer.concat(
      ['{"subscribe":["apps","stacks","hosts"]}', '{"subscribe":[]}'].map((one) => frame(text, Buffer.from(one))),
    ),
  }))
    test(`whoever sends ${what} without end and reads nothing is held back or cut off`, async () => {
      const { socket } = await upgrade(yard.admin);
      const most = 64 * mebibyte;
      const taken = await flood(socket, Buffer.concat(Array.from({ length: 1_000 }, () => bytes)), most);
      assert.ok(taken < most / 2, `${taken} bytes were taken`);
      using live = await openLive(yard.url, yard.admin.token);
      assert.deepEqual((await live.subscribe("apps")).subscribed, ["apps"]);
    });

  test("a message that is too long ends the connection as soon as it says so, in one frame or in many", async () => {
    const huge = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0, 0, 0, 1, 2, 3, 4]); // 96 MiB are to come
    const parts = [frame(text, Buffer.alloc(125, "x"), false), ...Array.from({ length: 200 }, () => more())];
    const empty = [frame(text, Buffer.alloc(0), false), ...Array.from({ length: 20_000 }, () => more(0))];
    for (const bytes of [huge, Buffer.concat(parts), Buffer.concat(empty)]) {
      const { socket } = await upgrade(yard.admin);
      const ended = once(socket, "close");
      const answered = once(socket, "data");
      socket.write(bytes);
      const [close] = await answered;
      assert.equal(close[0], 0x88);
      assert.ok([1008, 1009].includes(close.readUInt16BE(2)), `${close.readUInt16BE(2)}`);
      socket.end();
      await ended;
    }
  });
});

function more(length = 125): Buffer {
  return frame(continuation, Buffer.alloc(length, "x"), false);
}
