import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createReplyRoom } from "./reply-room.ts";

const mebibyte = 1024 * 1024;

test("who finds no room waits for it in order, and small ones for nobody", async () => {
  const room = createReplyRoom(10 * mebibyte);
  const entered: string[] = [];
  const take = async (name: string, bytes: number) => {
    const held = await room.take(bytes);
    entered.push(name);
    return held;
  };
  const first = await take("first", 8 * mebibyte);
  const [large, next] = [take("large", 6 * mebibyte), take("next", mebibyte)];
  await take("small", 1_000);
  await turn();
  assert.deepEqual(entered, ["first", "small"]);
  first[Symbol.dispose]();
  first[Symbol.dispose](); // once is enough
  await Promise.all([large, next]);
  assert.deepEqual(entered, ["first", "small", "large", "next"]);
});

test("one that is larger than all there is gets it alone", async () => {
  const room = createReplyRoom(mebibyte);
  const small = await room.take(mebibyte / 2);
  let isIn = false;
  const large = room.take(5 * mebibyte).then((held) => {
    isIn = true;
    return held;
  });
  await turn();
  assert.equal(isIn, false);
  small[Symbol.dispose]();
  (await large)[Symbol.dispose]();
  await room.take(mebibyte);
});
