import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { execInCapsule } from "./capsule-exec.ts";
import { createYardClient } from "./http.ts";

test("whoever is refused before the command was named is told why", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.send(JSON.stringify({ type: "error", data: "the capsule is paused" }));
    socket.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const client = createYardClient({ url: `http://127.0.0.1:${address.port}` });
  const { signal } = new AbortController();
  const parts = {
    ...{ output: new PassThrough(), errors: new PassThrough(), signal, patienceMs: 0, notice: () => {} },
    connect: async () => client,
  };
  try {
    for (let round = 0; round < 20; round++)
      await assert.rejects(execInCapsule(client, "cl-x", { argv: ["true"] }, parts), {
        code: "precondition",
        message: "the capsule is paused",
      });
  } finally {
    server.close();
  }
});
