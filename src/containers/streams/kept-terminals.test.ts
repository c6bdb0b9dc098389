import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { createKeptTerminals, type KeptTerminal, usualKeptTerminalLimits } from "./kept-terminals.ts";
import type { ContainerTerminal } from "./terminal.ts";

/** What a program on the far side prints, and whether it still runs. */
function openTerminal() {
  const output = new PassThrough();
  let isEnded = false;
  const terminal: ContainerTerminal = {
    output,
    write: async (input) => void output.write(input), // as a terminal echoes
    endInput: () => {},
    exitCode: async () => 0,
    resize: async () => {},
    async [Symbol.asyncDispose]() {
      isEnded = true;
      output.end();
    },
  };
  return { terminal, print: (text: string) => output.write(text), exit: () => output.end(), isEnded: () => isEnded };
}

function look(kept: KeptTerminal, position = 0) {
  let text = "";
  let isReplaced = false;
  const view = kept.view(position, {
    async show(bytes) {
      text += bytes;
    },
    replaced() {
      isReplaced = true;
    },
  });
  text = String(view.missed);
  return { view, shown: () => text, isReplaced: () => isReplaced, leave: () => view[Symbol.dispose]() };
}

const shows = (viewer: { shown(): string }, text: string) =>
  until(() => viewer.shown() === text, { what: JSON.stringify(text) });

test("who comes back is shown what was printed meanwhile, once", async () => {
  await using terminals = createKeptTerminals();
  const program = openTerminal();
  const kept = terminals.keep("ada", "one", program.terminal);
  const before = look(kept);
  program.print("one ");
  await shows(before, "one ");
  before.leave();
  program.print("two ");
  await until(() => String(kept.view(0, { show: async () => {}, replaced() {} }).missed) === "one two ", {
    what: "what was printed to nobody",
  });
  const again = look(terminals.find("ada", "one")!, "one ".length);
  program.print("three");
  await shows(again, "two three");
  assert.equal(again.view.position, "one ".length);
  assert.equal(program.isEnded(), false);
});

test("it is found by its owner's name for it alone", async () => {
  await using terminals = createKeptTerminals();
  terminals.keep("ada", "one", openTerminal().terminal);
  assert.equal(terminals.find("bob", "one"), undefined);
  assert.equal(terminals.find("ada", "two"), undefined);
});

test("of much output the end is kept, and a viewer that never takes it holds nobody up who comes in its place", async () => {
  await using terminals = createKeptTerminals({ ...usualKeptTerminalLimits, mostBytes: 10 });
  const program = openTerminal();
  const kept = terminals.keep("ada", "one", program.terminal);
  let isReplaced = false;
  kept.view(0, {
    show: () => new Promise(() => {}),
    replaced() {
      isReplaced = true;
    },
  });
  program.print("aaaaaaaa");
  const second = look(kept);
  assert.ok(isReplaced);
  for (const [piece, all] of [
    ["", "aaaaaaaa"],
    ["bbbbbbbb", "aaaaaaaabbbbbbbb"],
    ["cccccccc", "aaaaaaaabbbbbbbbcccccccc"],
  ] as const) {
    program.print(piece);
    await shows(second, all);
  }
  second.leave();
  const third = look(kept);
  assert.deepEqual([third.view.position, third.shown()], [8, "bbbbbbbbcccccccc"]);
  third.leave();
  assert.equal(look(kept, 1_000).view.position, 8, "a position beyond the end is of another one");
});

test("one that nobody comes back to ends after a while, with what it has printed last", async () => {
  await using terminals = createKeptTerminals({ ...usualKeptTerminalLimits, waitMs: 20 });
  const program = openTerminal();
  look(terminals.keep("ada", "one", program.terminal)).leave();
  await until(program.isEnded, { what: "its end" });
  assert.equal(terminals.find("ada", "one"), undefined);
});

test("the end of a command waits for who comes back, too", async () => {
  await using terminals = createKeptTerminals();
  const program = openTerminal();
  const kept = terminals.keep("ada", "one", program.terminal);
  look(kept).leave();
  program.print("bye");
  program.exit();
  await kept.ended;
  const again = look(terminals.find("ada", "one")!);
  assert.equal(again.shown(), "bye");
  again.leave();
  assert.equal(terminals.find("ada", "one"), undefined, "it was told");
});

test("of too many that wait for one owner the one that has waited longest ends", async () => {
  await using terminals = createKeptTerminals({ ...usualKeptTerminalLimits, mostWaiting: 2 });
  const programs = ["one", "two", "three"].map((key) => {
    const program = openTerminal();
    look(terminals.keep("ada", key, program.terminal)).leave();
    return program;
  });
  look(terminals.keep("bob", "one", openTerminal().terminal)).leave();
  assert.deepEqual(
    programs.map(({ isEnded }) => isEnded()),
    [true, false, false],
  );
});

test("it ends at once when it is to, or when all do", async () => {
  const terminals = createKeptTerminals();
  const [first, second] = [openTerminal(), openTerminal()];
  const kept = terminals.keep("ada", "one", first.terminal);
  using _view = look(kept).view;
  await kept.end();
  assert.ok(first.isEnded());
  assert.equal(terminals.find("ada", "one"), undefined);
  terminals.keep("ada", "two", second.terminal);
  await terminals[Symbol.asyncDispose]();
  assert.ok(second.isEnded());
});
