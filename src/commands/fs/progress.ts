/** How far a transfer is, on one line of a terminal. Where there is none, nothing is shown: a log wants the result alone. */
import type { WriteStream } from "node:tty";
import type { Transferred } from "../../client/trees.ts";
import { transferredText } from "./transferred-text.ts";

export interface Progress extends Disposable {
  show(soFar: Transferred): void;
  /** Leaves the line as it was before. */
  clear(): void;
}

/** More often nobody can read it. */
const intervalMs = 200;
const eraseLine = "\r\x1b[K";

export function showProgress(terminal: Pick<WriteStream, "isTTY" | "write">): Progress {
  let shownAt = 0;
  function clear(): void {
    if (shownAt > 0) terminal.write(eraseLine);
    shownAt = 0;
  }
  return {
    show(soFar) {
      if (!terminal.isTTY || performance.now() - shownAt < intervalMs) return;
      shownAt = performance.now();
      terminal.write(`${eraseLine}${transferredText(soFar)} …`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}
