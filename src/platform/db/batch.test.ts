import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../errors.ts";
import { createBatchWriter } from "./batch.ts";

/** A commit that is slow until it is let go, and writes down its batches. */
function heldCommit() {
  const batches: (readonly number[])[] = [];
  const held: PromiseWithResolvers<void>[] = [];
  const commit = (items: readonly number[]) => {
    batches.push(items);
    const release = Promise.withResolvers<void>();
    held.push(release);
    return release.promise;
  };
  return { batches, held, commit };
}

const turn = () => new Promise(setImmediate);

test("items that arrive together share a commit, those that come during it share the next one, in order", async () => {
  const { batches, held, commit } = heldCommit();
  const writer = createBatchWriter({ commit });
  const first = [writer.write(1), writer.write(2)];
  await turn();
  const second = [writer.write(3), writer.write(4), writer.write(5)];
  await turn();
  assert.deepEqual(batches, [[1, 2]]);
  held[0]?.resolve();
  await Promise.all(first);
  await turn();
  assert.deepEqual(batches, [
    [1, 2],
    [3, 4, 5],
  ]);
  held[1]?.resolve();
  await Promise.all(second);
});

test("a commit that fails fails its own items, and the next one goes on", async () => {
  const { held, commit } = heldCommit();
  const writer = createBatchWriter({ commit });
  const doomed = writer.write(1);
  const refused = assert.rejects(doomed, /no room/);
  await turn();
  const fine = writer.write(2);
  held[0]?.reject(new Error("no room"));
  await refused;
  await turn();
  held[1]?.resolve();
  await fine;
});

test("one commit takes no more than maxBatch items", async () => {
  const batches: number[] = [];
  const writer = createBatchWriter<number>({ commit: async (items) => void batches.push(items.length), maxBatch: 4 });
  await Promise.all(Array.from({ length: 10 }, (_, i) => writer.write(i)));
  assert.deepEqual(batches, [4, 4, 2]);
});

test("beyond maxQueued a write is refused, and room comes back", async () => {
  const { held, commit } = heldCommit();
  const writer = createBatchWriter({ commit, maxQueued: 2 });
  const first = writer.write(1);
  await turn();
  const waiting = [writer.write(2), writer.write(3)];
  await assert.rejects(writer.write(4), (error) => isYardError(error, "too_many"));
  held[0]?.resolve();
  await first;
  await turn();
  const late = writer.write(5);
  held[1]?.resolve();
  await Promise.all(waiting);
  await turn();
  held[2]?.resolve();
  await late;
});

test("closing waits until all that was accepted is committed, and refuses what comes later", async () => {
  const { batches, held, commit } = heldCommit();
  const writer = createBatchWriter({ commit });
  const accepted = writer.write(1);
  await turn();
  const also = writer.write(2);
  let closed = false;
  const closing = writer[Symbol.asyncDispose]().then(() => (closed = true));
  await assert.rejects(writer.write(3), (error) => isYardError(error, "unavailable"));
  held[0]?.resolve();
  await accepted;
  await turn();
  assert.equal(closed, false);
  held[1]?.resolve();
  await Promise.all([also, closing]);
  assert.deepEqual(batches, [[1], [2]]);
});
