/** Lines at a terminal that are drawn anew in their place. */
import type { WriteStream } from "node:tty";

export interface Redrawn extends Disposable {
  draw(lines: readonly string[]): void;
}

/** More often nobody can read it. */
const intervalMs = 200;
const [hideCursor, showCursor, eraseBelow] = ["\x1b[?25l", "\x1b[?25h", "\x1b[J"];

/** What does not fit on the screen is left out. Disposing leaves what was drawn last. */
export function redrawn(terminal: Pick<WriteStream, "write" | "rows">): Redrawn {
  let drawn = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let latest: readonly string[] = [];

  function now(): void {
    timer = undefined;
    drawnAt = performance.now();
    const lines = latest.slice(0, Math.max(1, terminal.rows - 1));
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    terminal.write(`${hideCursor}${up}\r${eraseBelow}${lines.join("\n")}\n`);
    drawn = lines.length;
  }

  return {
    draw(lines) {
      latest = lines;
      timer ??= setTimeout(now, Math.max(0, drawnAt + intervalMs - performance.now()));
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      if (drawn > 0) terminal.write(showCursor);
    },
  };
}
