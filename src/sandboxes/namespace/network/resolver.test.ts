import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { networkCalls } from "../../../platform/process/network-calls.ts";
import { skipUnless } from "../../../platform/testing/parts.ts";
import { until } from "../../../platform/testing/until.ts";
import { type NameServer, openResolver } from "./resolver.ts";

const skip = skipUnless(process.platform === "linux", "Linux", "run the tests on Linux");
const address = "127.0.0.1";
/** Twelve bytes of header, the first two its number, and something to tell one from another by. */
const questionOf = (number: number, text: string) => {
  const question = Buffer.concat([Buffer.alloc(12), Buffer.from(text)]);
  question.writeUInt16BE(number, 0);
  return question;
};

/** The resolver, on a port of its own, and a client of it. */
async function openPair(servers: readonly NameServer[], patienceMs = 2_000) {
  const client = createSocket("udp4").bind(0, address);
  await once(client, "listening");
  const port = client.address().port + 1; // of TCP and UDP both: tried until one is free
  for (let tried = port; ; tried++) {
    try {
      const sockets = networkCalls().bindForNames([127, 0, 0, 1], tried);
      const resolver = openResolver({ sockets, servers: () => servers, patienceMs });
      const received: Buffer[] = [];
      client.on("message", (bytes) => received.push(bytes));
      return {
        ask: (question: Buffer) => client.send(question, tried, address),
        received,
        async [Symbol.asyncDispose]() {
          await resolver[Symbol.asyncDispose]();
          client.close();
        },
      };
    } catch (error) {
      if (tried > port + 50) throw error;
    }
  }
}

async function openServer(onQuestion: (question: Buffer, reply: (answer: Buffer) => void) => void) {
  const socket: Socket = createSocket("udp4").bind(0, address);
  await once(socket, "listening");
  socket.on("message", (question, from) =>
    onQuestion(question, (answer) => socket.send(answer, from.port, from.address)),
  );
  return { server: { address, port: socket.address().port }, [Symbol.dispose]: () => void socket.close() };
}

test("an answer comes back under the number of its question, which the server does not learn", { skip }, async () => {
  const seen: number[] = [];
  using upstream = await openServer((question, reply) => {
    seen.push(question.readUInt16BE(0));
    reply(question);
  });
  await using pair = await openPair([upstream.server]);
  for (let number = 1; number <= 8; number++) pair.ask(questionOf(number, `question ${number}`));
  await until(() => pair.received.length === 8);
  const answers = pair.received.map((answer) => `${answer.readUInt16BE(0)}: ${answer.subarray(12)}`).toSorted();
  assert.deepEqual(
    answers,
    [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `${number}: question ${number}`),
  );
  assert.notDeepEqual(
    seen.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

test("a server that is silent, or not there, is followed by the next", { skip }, async () => {
  using silent = await openServer(() => {});
  using good = await openServer((question, reply) => reply(question));
  await using pair = await openPair([silent.server, { address, port: 1 }, good.server], 50);
  pair.ask(questionOf(7, "hello"));
  await until(() => pair.received.length === 1);
  assert.equal(pair.received[0]?.subarray(12).toString(), "hello");
});

test("an answer under another number is none", { skip }, async () => {
  using liar = await openServer((question, reply) => {
    const answer = Buffer.from(question);
    answer.writeUInt16BE((question.readUInt16BE(0) + 1) & 0xffff, 0);
    reply(answer);
    reply(Buffer.concat([question, Buffer.from(" truly")]));
  });
  await using pair = await openPair([liar.server]);
  pair.ask(questionOf(7, "hello"));
  await until(() => pair.received.length === 1);
  assert.equal(pair.received[0]?.subarray(12).toString(), "hello truly");
});

test("one asker has 64 questions under way at most, and what is too short is none", { skip }, async () => {
  const questions: Buffer[] = [];
  using silent = await openServer((question) => void questions.push(question));
  await using pair = await openPair([silent.server], 200);
  pair.ask(Buffer.from("short"));
  for (let number = 0; number < 80; number++) pair.ask(questionOf(number, "hello"));
  await until(() => questions.length === 64);
  await new Promise((resolve) => setTimeout(resolve, 300)); // until their time is over
  assert.equal(questions.length, 64);
  pair.ask(questionOf(1, "again"));
  await until(() => questions.length === 65, { what: "there is room again" });
});
