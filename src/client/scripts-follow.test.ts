import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import type { FollowParts } from "./follow-run.ts";
import { createYardClient } from "./http.ts";
import { submitPatiently } from "./scripts-follow.ts";

/** Answers the n-th request as the n-th of `answers` says, and counts them. */
async function serve(
  ...answers: readonly RequestListener[]
): Promise<AsyncDisposable & { seen(): number; parts: FollowParts }> {
  let seen = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => answers[seen++]?.(request, response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parts = {
    output: new PassThrough(),
    notice: () => {},
    signal: new AbortController().signal,
    patienceMs: 10_000,
  };
  return {
    seen: () => seen,
    parts: { ...parts, connect: async () => createYardClient({ url, token: "t" }) },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const accept: RequestListener = (_request, response) => response.writeHead(202).end('{"execution_id":"7"}');

test("a script that the yard was not ready for is sent again", async () => {
  const notReady: RequestListener = (_request, response) => response.writeHead(503).end('{"error":"stopping"}');
  await using yard = await serve(notReady, accept);
  assert.equal((await submitPatiently({ source: "1" }, yard.parts)).id, "7");
  assert.equal(yard.seen(), 2);
});

for (const { what, answer } of [
  { what: "before its answer", answer: (request) => request.socket.destroy() },
  {
    what: "in the middle of its answer",
    answer: (_request, response) =>
      void response.writeHead(202, { "content-length": 99 }).write("{", () => response.destroy()),
  },
] satisfies { what: string; answer: RequestListener }[])
  test(`a script is not sent twice when the yard goes away ${what}`, async () => {
    await using yard = await serve(answer, accept);
    await assert.rejects(
      submitPatiently({ source: "1" }, yard.parts),
      (error) => isYardError(error, "unavailable") && /may have been run/.test(error.message),
    );
    assert.equal(yard.seen(), 1);
  });

test("a script that the yard refuses is refused with its reason", async () => {
  await using yard = await serve((_request, response) => response.writeHead(400).end('{"error":"no session"}'));
  await assert.rejects(
    submitPatiently({ source: "1" }, yard.parts),
    (error) => isYardError(error, "invalid") && error.message === "no session",
  );
});
