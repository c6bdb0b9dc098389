import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { type JoinedFile, openJoinedFile } from "./credentials.ts";
import { createMembership } from "./membership.ts";

const dayMs = 86_400_000;
const tokenOf = (ageMs: number) =>
  `e30.${Buffer.from(JSON.stringify({ iat: Math.floor((Date.now() - ageMs) / 1_000) })).toString("base64url")}.x`;

type Answer = "lost" | "refused" | "given";

/** A yard that answers each refresh as it is told, and remembers what it was sent. */
async function serveYard(answers: readonly Answer[]) {
  const asked: { refreshToken: string; useName: string }[] = [];
  const server = createServer(async (request, response) => {
    asked.push(JSON.parse(await text(request)));
    const answer = answers[asked.length - 1];
    if (answer === "lost") return void request.socket.destroy();
    response.statusCode = answer === "refused" ? 401 : 200;
    response.end(JSON.stringify({ hostId: "host_1", token: tokenOf(0), refreshToken: "next" }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { asked, url: `http://127.0.0.1:${address.port}`, [Symbol.dispose]: close };
}

async function join(file: JoinedFile, url: string, ageMs: number) {
  await file.save({ yard: { url }, credentials: { hostId: "host_1", token: tokenOf(ageMs), refreshToken: "first" } });
  const joined = await file.read();
  assert.ok(joined);
  return createMembership({ joined, file, log: () => {} });
}

test("a token is renewed once it is a day old, and what came is on the disk", async () => {
  using directory = temporaryDirectory();
  const file = openJoinedFile(directory.path);
  using yard = await serveYard(["given"]);
  const fresh = await join(file, yard.url, dayMs - 60_000);
  await fresh.token();
  assert.equal(yard.asked.length, 0);
  const old = await join(file, yard.url, dayMs + 60_000);
  const token = await old.token();
  assert.deepEqual((await file.read())?.credentials, { hostId: "host_1", token, refreshToken: "next" });
});

test("an answer that was lost is asked for again by the same name, also by the next agent", async () => {
  using directory = temporaryDirectory();
  const file = openJoinedFile(directory.path);
  using yard = await serveYard(["lost", "given"]);
  const first = await join(file, yard.url, 2 * dayMs);
  const old = (await file.read())?.credentials.token;
  assert.equal(await first.token(), old, "the old one is good for days yet");
  const joined = await file.read();
  assert.ok(joined?.renewing);
  await createMembership({ joined, file, log: () => {} }).token();
  assert.equal(yard.asked.length, 2);
  assert.deepEqual(yard.asked[1], yard.asked[0]);
  assert.equal((await file.read())?.renewing, undefined);
});

test("a host whose credentials the yard refuses is told so", async () => {
  using directory = temporaryDirectory();
  const file = openJoinedFile(directory.path);
  using yard = await serveYard(["refused"]);
  const membership = await join(file, yard.url, 0);
  await assert.rejects(membership.token(await membership.token()), { code: "unauthenticated" });
});
