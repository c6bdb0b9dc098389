import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../platform/testing/until.ts";
import { follow } from "./follow.ts";
import { answerJson, connectTo, serveStandIn } from "./testing.ts";

const path = (position: number) => `/?position=${position}`;
const positionIn = (requested: string) => Number(requested.split("=")[1]);

test("nothing is lost and nothing comes twice, however often the connection breaks", async () => {
  const log = randomBytes(1_000_000);
  let breaks = 0;
  await using agent = await serveStandIn((stream, requested) => {
    const from = positionIn(requested);
    stream.respond({ ":status": 200, "output-from": from });
    if (breaks >= 10) return stream.end(log.subarray(from));
    breaks++;
    stream.write(log.subarray(from, from + 12_345 * breaks), () => agent.breakConnections());
  });
  await using connection = connectTo(agent);
  const received = await buffer(follow(connection, { path, position: 1_000 }));
  assert.equal(breaks, 10);
  assert.ok(received.equals(log.subarray(1_000)));
});

test("positions go on from where the agent's log begins, when the oldest output is gone", async () => {
  const asked: string[] = [];
  await using agent = await serveStandIn((stream, requested) => {
    asked.push(requested);
    stream.respond({ ":status": 200, "output-from": Math.max(positionIn(requested), 5_000) });
    if (asked.length === 2) stream.end();
    else stream.write("12345", () => agent.breakConnections());
  });
  await using connection = connectTo(agent);
  assert.equal((await buffer(follow(connection, { path, position: 0 }))).toString(), "12345");
  assert.deepEqual(asked, [path(0), path(5_005)]);
});

test("a reader that was too slow for what is kept goes on after the gap, with its position right", async () => {
  const asked: string[] = [];
  await using agent = await serveStandIn((stream, requested) => {
    asked.push(requested);
    stream.respond({ ":status": 200, "output-from": asked.length === 2 ? 900 : positionIn(requested) });
    if (asked.length === 2) stream.end("c");
    else stream.write("ab", () => stream.destroy(new Error("too slow")));
  });
  await using connection = connectTo(agent);
  assert.equal((await buffer(follow(connection, { path, position: 0 }))).toString(), "abc");
  assert.deepEqual(asked, [path(0), path(2)]);
});

test("a refusal reaches the reader as the agent put it", async () => {
  const refusal = { code: "invalid", message: "position 9 is beyond the end", field: "position" };
  await using agent = await serveStandIn((stream) => answerJson(stream, refusal, 400));
  await using connection = connectTo(agent);
  await assert.rejects(buffer(follow(connection, { path, position: 9 })), refusal);
});

test("a log that the agent cannot read on is an error, not an end", async () => {
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200, "output-from": 0 });
    stream.write("some", () => stream.destroy(new Error("EIO")));
  });
  await using connection = connectTo(agent);
  await assert.rejects(buffer(follow(connection, { path, position: 0 })), { code: "interrupted" });
});

test("a reader that does not read holds the agent back", async () => {
  let written = 0;
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200, "output-from": 0 });
    const more = (): void => {
      while (written < 512 * 1024 * 1024 && stream.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
      stream.once("drain", more);
    };
    more();
  });
  await using connection = connectTo(agent);
  const reader = follow(connection, { path, position: 0 });
  await once(reader, "readable");
  let before = -1;
  await until(
    () => {
      const settled = written === before;
      before = written;
      return settled;
    },
    { intervalMs: 200 },
  );
  reader.destroy();
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were taken from the agent`);
});

test("a reader that leaves ends the agent's stream, also while nothing arrives", async () => {
  const left = Promise.withResolvers<void>();
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200, "output-from": 0 });
    stream.on("close", () => left.resolve());
    reader.destroy();
  });
  await using connection = connectTo(agent);
  const reader = follow(connection, { path, position: 0 });
  await left.promise;
});
