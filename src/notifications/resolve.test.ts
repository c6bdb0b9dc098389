import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { createResolve } from "./resolve.ts";

/** A name server. @param answer to a question, as a whole message; undefined: none */
async function startNameServer(answer: (question: Buffer) => Buffer | undefined) {
  const socket = createSocket("udp4", (question, { address, port }) => {
    const message = answer(question);
    if (message) socket.send(message, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    servers: [`127.0.0.1:${socket.address().port}`],
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** Without records, by its code: 0 fine, 3 no such name. */
function reply(question: Buffer, code: number, records: readonly Buffer[] = []): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 10); // without the additional record that came with the question
  return Buffer.concat([head.subarray(0, endOfQuestion(question)), ...records]);
}

function endOfQuestion(question: Buffer): number {
  return question.indexOf(0, 12) + 5;
}

const typeOf = (question: Buffer) => question.readUInt16BE(endOfQuestion(question) - 4);
/** Of the name in the question, for no time. */
const addressRecord = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 93, 184, 215, 14]);

test("name servers are asked, for addresses of both kinds", async () => {
  await using server = await startNameServer((question) =>
    reply(question, 0, typeOf(question) === 1 ? [addressRecord] : []),
  );
  assert.deepEqual(await createResolve(server)("hooks.test"), [{ address: "93.184.215.14", family: 4 }]);
});

test("a name whose server never answers is given up, and keeps nobody from asking for another", async () => {
  await using server = await startNameServer(() => undefined);
  const resolve = createResolve({ ...server, timeoutMs: 300 });
  const late = Array.from({ length: 20 }, (_, number) => resolve(`n${number}.test`));
  let isOver = false;
  const rejected = Promise.all(late.map((each) => assert.rejects(each, { code: "ETIMEOUT" }))).then(() => {
    isOver = true;
  });
  const found = await resolve("localhost");
  assert.ok(found.some(({ address }) => address === "127.0.0.1" || address === "::1"));
  assert.equal(isOver, false);
  await rejected;
});

test("what no name server knows is asked of the machine", async () => {
  await using server = await startNameServer((question) => reply(question, 3));
  await assert.rejects(createResolve(server)("nobody.invalid"), {
    code: /ENOTFOUND|EAI_AGAIN/,
    syscall: "getaddrinfo",
  });
});
