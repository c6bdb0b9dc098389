/** Processes in terminals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function givesTerminals({ driver, shell }: Suite): void {
  const size = { cols: 90, rows: 33 };

  test("a terminal has a size, takes input and shows it", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("stty size; tty >/dev/null && echo yes; read line; echo got $line; exit 6", {
      terminal: size,
    });
    await until(async () => (await textSoFar(process)).includes("yes"));
    process.stdin?.write("hello\r");
    assert.equal((await process.exited).code, 6);
    const text = await textSoFar(process);
    assert.ok(text.includes("33 90\r\n") && text.includes("got hello\r\n"), text);
  });

  test("a terminal tells of its new size", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell('trap "stty size; exit" WINCH; echo up; while :; do sleep 0.05; done', {
      terminal: size,
    });
    await until(async () => (await textSoFar(process)).includes("up"));
    await process.resize({ cols: 100, rows: 40 });
    await process.exited;
    assert.ok((await textSoFar(process)).includes("40 100"), await textSoFar(process));
  });

  test("Ctrl-C in a terminal interrupts what runs there", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("echo up; exec sleep 60", { terminal: size });
    await until(async () => (await textSoFar(process)).includes("up"));
    process.stdin?.write("\x03");
    assert.equal((await process.exited).signal, "SIGINT");
  });

  test("the end of a terminal's input is end-of-file", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("cat; echo done; exit 8", { terminal: size });
    process.stdin?.end("text\r");
    assert.equal((await process.exited).code, 8);
    assert.ok((await textSoFar(process)).endsWith("done\r\n"));
  });

  test("who reads nothing of what is typed holds nobody up", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const deaf = await shell("stty raw -echo; echo up; exec sleep 60", { terminal: size });
    await until(async () => (await textSoFar(deaf)).includes("up"));
    deaf.stdin?.write(Buffer.alloc(1024 * 1024, "x"));
    assert.equal((await (await shell("exit 3")).exited).code, 3);
    await deaf.signal("SIGKILL");
    assert.equal((await deaf.exited).signal, "SIGKILL");
  });

  test("what a terminal prints last is not lost", async (context) => {
    if (!driver().can.terminal) return context.skip("the driver has no terminals");
    const process = await shell("seq 1 20000", { terminal: size });
    await process.exited;
    const text = await textSoFar(process);
    assert.ok(text.endsWith("20000\r\n"), text.slice(-40));
    assert.equal(text.split("\r\n").length, 20_001);
  });

  test("a size without a terminal is refused", async () => {
    const process = await shell("exit 0");
    await assert.rejects(process.resize(size), { code: "precondition" });
  });
}
