import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ending, readUntilEnding } from "./ending.ts";

const nonce = "0123456789ab";

async function read(...pieces: string[]): Promise<{ text: string; ending: Ending | undefined; parts: number }> {
  async function* stream() {
    for (const piece of pieces) yield Buffer.from(piece, "latin1");
  }
  const taken: Buffer[] = [];
  const ending = await readUntilEnding(stream(), nonce, (bytes) => taken.push(Buffer.from(bytes)));
  return { text: Buffer.concat(taken).toString("latin1"), ending, parts: taken.length };
}

test("what is printed and how it ended are told apart wherever the stream is cut", async () => {
  const whole = `some\0 \0${nonce.slice(0, 5)} text\0${nonce} 3 0 0\n`;
  for (let cut = 0; cut <= whole.length; cut++) {
    const { text, ending } = await read(whole.slice(0, cut), whole.slice(cut));
    assert.equal(text, `some\0 \0${nonce.slice(0, 5)} text`);
    assert.deepEqual(ending, { code: 3, signal: null, outOfMemory: false });
  }
});

test("nothing is held back that cannot be the mark", async () => {
  const { text, parts, ending } = await read("a prompt: ", "\0", "answer");
  assert.deepEqual([text, parts, ending], ["a prompt: \0answer", 2, undefined]);
  assert.equal((await read("cut off\0")).text, "cut off\0");
});

for (const { status, expected } of [
  { status: "0 0 0", expected: { code: 0, signal: null, outOfMemory: false } },
  { status: "0 9 1", expected: { code: null, signal: "SIGKILL", outOfMemory: true } },
  { status: "137 0 0", expected: { code: 137, signal: null, outOfMemory: false } },
  { status: "0 0 2", expected: { code: 0, signal: null, outOfMemory: false } },
  { status: "- - 0", expected: { code: null, signal: null, outOfMemory: false } },
  { status: "4 0 0\r", expected: { code: 4, signal: null, outOfMemory: false } },
] as const) {
  test(`${JSON.stringify(status)} is ${JSON.stringify(expected)}`, async () => {
    assert.deepEqual((await read(`\0${nonce} ${status}\n`)).ending, expected);
  });
}
