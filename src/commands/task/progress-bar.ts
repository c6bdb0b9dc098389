/** How far something is: a bar on one line of a terminal; where there is none, a plain line from time to time, for the log. */
import type { WriteStream } from "node:tty";
import { createPacemeter } from "../../client/progress.ts";
import { durationText } from "../app/text.ts";

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What else there is to tell, such as `3 failed`. */
  readonly remark?: string;
}

export interface ProgressBar extends Disposable {
  show(progress: Progress): void;
  /** Leaves the line as it was before. */
  clear(): void;
}

export interface ProgressBarOptions {
  /** How a count is written; also one per second. */
  readonly countText: (count: number) => string;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
}

/** More often nobody can read it; in a log, nobody wants to. */
const intervalMs = { bar: 100, lines: 10_000 };
const eraseLine = "\r\x1b[K";
const [leastCells, mostCells] = [5, 30];

export function openProgressBar(
  terminal: Pick<WriteStream, "isTTY" | "write"> & { readonly columns?: number },
  { countText, now = () => performance.now() }: ProgressBarOptions,
): ProgressBar {
  const pace = createPacemeter();
  let shownAt = terminal.isTTY ? Number.NEGATIVE_INFINITY : now();
  let isShown = false;

  function textOf({ done, total, remark }: Progress): string {
    const { perSecond, leftMs } = pace.read(done, total, now());
    return [
      `${countText(done)} of ${countText(total)}`,
      remark,
      perSecond > 0 ? `${countText(Math.round(perSecond))}/s` : undefined,
      leftMs !== undefined && done < total ? `${durationText(leftMs)} left` : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(", ");
  }

  function clear(): void {
    if (isShown) terminal.write(eraseLine);
    isShown = false;
  }

  return {
    show(progress) {
      const text = textOf(progress);
      const isLast = progress.done >= progress.total;
      if (now() - shownAt < (terminal.isTTY ? intervalMs.bar : intervalMs.lines) && !(isLast && isShown)) return;
      shownAt = now();
      if (!terminal.isTTY) return void terminal.write(`runyard: ${text}\n`);
      isShown = true;
      terminal.write(`${eraseLine}${fitted(progress, text, terminal.columns ?? 80)}`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

/** With as long a bar as there is room for; a line that is too long would be broken, and could not be erased. */
function fitted({ done, total }: Progress, text: string, columns: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const cells = Math.min(mostCells, columns - text.length - percent.length - 5);
  if (cells < leastCells) return `${percent} ${text}`.slice(0, columns - 1);
  const filled = Math.floor(share * cells);
  return `[${"#".repeat(filled)}${"-".repeat(cells - filled)}]${percent}  ${text}`;
}
