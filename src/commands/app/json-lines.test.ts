import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openJsonLines } from "./json-lines.ts";

async function written(chunks: readonly (string | Buffer)[]): Promise<{ app: string; line: string }[]> {
  const target = new PassThrough();
  const all = text(target);
  {
    await using lines = openJsonLines("web", target);
    for (const chunk of chunks) lines.output.write(chunk);
  }
  assert.equal(target.writableEnded, false, "the target is not ours to end");
  target.end();
  return (await all)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test("each line is an object, wherever the bytes were cut, and the last one needs no line break", async () => {
  const bytes = Buffer.from('one\nzw"ölf\n\nend');
  const cut = bytes.indexOf(0xb6); // in the middle of ö
  const lines = await written([bytes.subarray(0, cut), bytes.subarray(cut)]);
  assert.deepEqual(
    lines,
    ["one", 'zw"ölf', "", "end"].map((line) => ({ app: "web", line })),
  );
});

test("output without line breaks comes in pieces and nothing of it is lost", async () => {
  const lines = await written([Buffer.alloc(150_000, "x")]);
  assert.ok(lines.length > 2);
  assert.equal(lines.map(({ line }) => line).join("").length, 150_000);
});

test("a reader that has gone does not hold up the end", async () => {
  const target = new PassThrough();
  target.on("error", () => {});
  await using lines = openJsonLines("web", target);
  target.destroy();
  lines.output.write("late\n");
});
