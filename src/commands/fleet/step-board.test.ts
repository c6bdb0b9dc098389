import assert from "node:assert/strict";
import { test } from "node:test";
import { openStepBoard } from "./step-board.ts";

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) > 0 };
}

test("in a log each step is a line once it is done, or has failed", async () => {
  const log = screen(false);
  using board = openStepBoard(log, "shop");
  for (const text of ["create network n", "start web", "create network n: done", "start web: failed: no luck"])
    board.tell("shop", text);
  board.tell("db", "pull image i");
  board.tell("db", "pull image i: done");
  await board.quiet();
  assert.deepEqual(log.written, [
    "runyard: create network n\n",
    "runyard: start web: failed: no luck\n",
    "runyard: db: pull image i\n",
  ]);
});

test("at a terminal what is under way stands below, on one line that fits, and goes away", () => {
  const terminal = screen(true);
  {
    using board = openStepBoard(terminal, "shop");
    board.tell("shop", "wait for web");
    board.tell("shop", "wait for a service with a very long name");
    board.tell("shop", "wait for web: done");
  }
  const shown = terminal.written.join("");
  assert.ok(shown.includes("\r\x1b[K  wait for web …"));
  assert.ok(shown.includes("  wait for web\n"));
  assert.ok(shown.endsWith("\r\x1b[K"));
  assert.ok(terminal.written.every((text) => text.length < 40));
});

test("a step whose end is never heard is not waited for", async () => {
  using board = openStepBoard(screen(false), "shop");
  board.tell("shop", "start web");
  await board.quiet();
});
