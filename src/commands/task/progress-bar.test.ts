import assert from "node:assert/strict";
import { test } from "node:test";
import { openProgressBar } from "./progress-bar.ts";

function fakeTerminal(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  return { written, terminal: { isTTY, columns, write } as Parameters<typeof openProgressBar>[0] };
}

test("a terminal shows a bar with count, remark, pace and the time that is left, and is left as it was", () => {
  const { written, terminal } = fakeTerminal(true, 80);
  let now = 0;
  {
    using bar = openProgressBar(terminal, { countText: String, now: () => now });
    bar.show({ done: 0, total: 100 });
    now = 5_000;
    bar.show({ done: 50, total: 100, remark: "3 failed" });
  }
  assert.deepEqual(written, [
    "\r\x1b[K[------------------------------]  0%  0 of 100",
    "\r\x1b[K[###############---------------] 50%  50 of 100, 3 failed, 10/s, 5s left",
    "\r\x1b[K",
  ]);
});

test("no line is longer than the terminal is wide", () => {
  for (const columns of [5, 20, 30, 40, 60]) {
    const { written, terminal } = fakeTerminal(true, columns);
    openProgressBar(terminal, { countText: String }).show({ done: 1_000, total: 9_000_000, remark: "12 failed" });
    assert.ok(written[0]!.replace("\r\x1b[K", "").length < columns, written[0]);
  }
});

test("it is drawn ten times a second at the most, but for the last time", () => {
  const { written, terminal } = fakeTerminal(true);
  let now = 0;
  using bar = openProgressBar(terminal, { countText: String, now: () => now });
  for (; now < 1_000; now++) bar.show({ done: now, total: 1_000 });
  assert.equal(written.length, 10);
  bar.show({ done: 1_000, total: 1_000 });
  assert.equal(written.length, 11);
});

test("without a terminal there is a plain line every ten seconds", () => {
  const { written, terminal } = fakeTerminal(false);
  let now = 0;
  using bar = openProgressBar(terminal, { countText: String, now: () => now });
  for (; now <= 25_000; now += 1_000) bar.show({ done: now / 1_000, total: 100 });
  assert.deepEqual(written, ["runyard: 10 of 100, 1/s, 1m 30s left\n", "runyard: 20 of 100, 1/s, 1m 20s left\n"]);
});
