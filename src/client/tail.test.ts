import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createYardClient } from "./http.ts";
import { tailPosition } from "./tail.ts";

/** Serves one run's output from `kept` on; what lies before is gone. */
async function serve(output: string, kept = 0) {
  const bytes = Buffer.from(output);
  const server = createServer(({ url }, response) => {
    const query = new URL(url!, "http://yard").searchParams;
    const asked = Number(query.get("position"));
    const from = Math.max(kept, asked);
    const headers = {
      "x-output-position": from,
      "x-output-size": bytes.length,
      "x-output-run": "r",
      "x-output-ended": "true",
    };
    response.writeHead(200, headers).end(bytes.subarray(from, Math.max(from, asked + Number(query.get("limit")))));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = createYardClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return {
    tail: (amount: { lines: number } | { bytes: number }) =>
      tailPosition(client, "web", { run: "r", size: bytes.length }, amount),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const { output, lines, left } of [
  { output: "one\ntwo\nthree\n", lines: 2, left: "two\nthree\n" },
  { output: "one\ntwo\nthree", lines: 2, left: "two\nthree" },
  { output: "one\n\n\n", lines: 2, left: "\n\n" },
  { output: "one\ntwo\n", lines: 9, left: "one\ntwo\n" },
  { output: "one\ntwo\n", lines: 0, left: "" },
  { output: "", lines: 3, left: "" },
]) {
  test(`the last ${lines} lines of ${JSON.stringify(output)} are ${JSON.stringify(left)}`, async () => {
    await using yard = await serve(output);
    assert.equal(output.slice(await yard.tail({ lines })), left);
  });
}

test("lines longer than a piece are found, and the piece's border is no line break", async () => {
  const long = "x".repeat(700_000);
  await using yard = await serve(`first\n${long}\nlast\n`);
  assert.equal(await yard.tail({ lines: 2 }), "first\n".length);
  assert.equal(await yard.tail({ lines: 1 }), `first\n${long}\n`.length);
});

test("where older output is gone, the tail begins with what is left", async () => {
  await using yard = await serve("x".repeat(600_000), 500_000);
  assert.equal(await yard.tail({ lines: 5 }), 500_000);
});

test("bytes are counted from the end", async () => {
  await using yard = await serve("0123456789");
  assert.equal(await yard.tail({ bytes: 4 }), 6);
  assert.equal(await yard.tail({ bytes: 40 }), 0);
});
