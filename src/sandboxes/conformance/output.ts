/** What a process prints, and how it is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { collect, outputOf, type Suite } from "./suite.ts";

export function keepsOutput({ exec, shell, isEmulated }: Suite): void {
  test("standard output and error are one log in the order of arrival", async () => {
    const process = await shell("for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done");
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `o${i}\ne${i}\n`).join("");
    assert.equal(await outputOf(process), expected);
  });

  test("output is read by position", async () => {
    const process = await exec({ argv: ["printf", "0123456789"] });
    await process.exited;
    const { output } = process;
    assert.equal(await output.size(), 10);
    const part = await output.read({ position: 3, maxBytes: 4 });
    assert.deepEqual([part.bytes.toString(), part.from, part.next], ["3456", 3, 7]);
    const end = await output.read({ position: 10, maxBytes: 4 });
    assert.deepEqual([end.bytes.length, end.from, end.next], [0, 10, 10]);
    await assert.rejects(output.read({ position: 11, maxBytes: 4 }), { code: "invalid", field: "position" });
  });

  test("any bytes are kept as they are", async () => {
    const process = await shell(String.raw`printf '\000\377\200\r\n'; printf '\303'; printf '\274'`);
    await process.exited;
    const { bytes } = await process.output.read({ position: 0, maxBytes: 100 });
    assert.deepEqual([...bytes], [0, 255, 128, 13, 10, 0xc3, 0xbc]);
  });

  test("a follower gets all there is, then what comes, then the end", async () => {
    const process = await shell("echo one; read x; echo two; read x; printf three", { stdin: "open" });
    const follower = process.output.follow({ position: 0 });
    let seen = "";
    follower.on("data", (bytes: Buffer) => {
      seen += bytes;
    });
    await until(() => seen === "one\n");
    process.stdin?.write("\n");
    await until(() => seen === "one\ntwo\n");
    const ended = new Promise((resolve) => follower.once("end", resolve));
    process.stdin?.write("\n");
    await ended;
    assert.equal(seen, "one\ntwo\nthree");
    assert.equal((await collect(process.output.follow({ position: 4 }))).toString(), "two\nthree");
  });

  test("followers at any position of a fast printer get every byte once", async () => {
    const lines = isEmulated ? 5_000 : 20_000;
    const process = await shell(`i=0; while [ $i -lt ${lines} ]; do echo line $i; i=$((i+1)); done`);
    const followers = [0, 0, 7].map((position) => collect(process.output.follow({ position })));
    const expected = Array.from({ length: lines }, (_, i) => `line ${i}\n`).join("");
    const [one, two, late] = await Promise.all(followers);
    assert.equal(one?.toString(), expected);
    assert.equal(two?.toString(), expected);
    assert.equal(late?.toString(), expected.slice(7));
  });

  test("a follower that stops reading holds up neither the process nor others", async () => {
    const bytes = (isEmulated ? 4 : 64) * 1024 * 1024;
    const process = await shell(`yes | head -c ${bytes}`);
    const idle = process.output.follow({ position: 0 });
    idle.once("readable", () => {}); // takes a first piece, and no more
    try {
      let received = 0;
      for await (const chunk of process.output.follow({ position: 0 })) received += chunk.length;
      assert.equal(received, bytes);
      assert.equal((await process.exited).code, 0);
    } finally {
      idle.destroy();
    }
  });

  test("the oldest output goes when there is more than may be kept, and positions stay", async () => {
    const maxOutputBytes = 1024 * 1024;
    const lines = 1_000_000; // of 8 bytes
    const process = await shell(`seq 1000001 ${1_000_000 + lines}`, { maxOutputBytes });
    await process.exited;
    const size = lines * 8;
    assert.equal(await process.output.size(), size);
    const { bytes, from, next } = await process.output.read({ position: 0, maxBytes: 8 * 1024 });
    assert.ok(from >= size - maxOutputBytes, `begins at ${from}`);
    assert.ok(from < size - maxOutputBytes / 2, `begins at ${from}: too much was dropped`);
    assert.equal(next, from + bytes.length);
    const line = Math.ceil(from / 8);
    assert.equal(bytes.subarray(line * 8 - from, line * 8 - from + 8).toString(), `${1_000_001 + line}\n`);
    const tail = await collect(process.output.follow({ position: size - 16 }));
    assert.equal(tail.toString(), "1999999\n2000000\n");
  });

  test("a follower that is destroyed leaves the process alone", async () => {
    const process = await shell("echo one; read x; exit 4", { stdin: "open" });
    const follower = process.output.follow({ position: 0 });
    await new Promise((resolve) => follower.once("data", resolve));
    follower.destroy();
    process.stdin?.end("\n");
    assert.equal((await process.exited).code, 4);
  });
}
