/** The terminal of the person here, or what stands in for one: taken for a terminal elsewhere, and given back on every way out. */
import type { Seat } from "../../client/capsule-terminal.ts";
import { enterRawMode } from "../../platform/process/raw-terminal.ts";
import { notice } from "../yard-options.ts";

export interface TakenSeat extends Seat, Disposable {
  /** Gives it back. @param outcome.isOver what used it has ended by itself, and has put in order what it changed */
  leave(outcome: { isOver: boolean }): void;
  /** A line of our own between what is shown. */
  tell(text: string): void;
}

/** What a program may have switched on that is still there: a second screen, no cursor, the mouse, marks around what is pasted, colours. */
const usualModes = "\x1b[?1049l\x1b[?25h\x1b[?1000;1002;1003;1006l\x1b[?2004l\x1b[0m\r\n";
const usualSize = { cols: 80, rows: 24 };

export function takeSeat(): TakenSeat {
  const { stdin, stdout } = process;
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true;
  const raw = isTerminal ? enterRawMode(stdin) : undefined;
  let isTaken = true;

  function leave({ isOver }: { isOver: boolean }): void {
    if (!isTaken) return;
    isTaken = false;
    raw?.[Symbol.dispose]();
    if (isTerminal && !isOver) stdout.write(usualModes);
    stdin.destroy(); // else it keeps the process alive
  }

  return {
    ...{ input: stdin, output: stdout, isTerminal },
    size: () => (stdout.isTTY && stdout.columns > 0 ? { cols: stdout.columns, rows: stdout.rows } : usualSize),
    onResize(listener) {
      stdout.on("resize", listener);
      return { [Symbol.dispose]: () => void stdout.off("resize", listener) };
    },
    leave,
    tell(text) {
      // In raw mode the terminal goes to the line's beginning only when it is told to.
      if (isTerminal && isTaken) process.stderr.write(`\r\nrunyard: ${text}\r\n`);
      else notice(text);
    },
    [Symbol.dispose]: () => leave({ isOver: true }),
  };
}
