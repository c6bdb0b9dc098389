/** Finding the lines of a log that match, a slice at a time, so that the page goes on meanwhile. */
import { plainText } from "./ansi.ts";
import type { LogStore } from "./log-store.ts";

export type Matcher = (text: string) => boolean;

/** Longer lines are matched by their beginning: an expression may take time that grows faster than the line. */
const matchedLength = 10_000;
const sliceMs = 8;
const linesPerLook = 256;

/** `/error|fail/i` is an expression; anything else is text, in which case does not count.
 *  @throws {SyntaxError} what is wrong with the expression */
export function parseFilter(words: string): Matcher | undefined {
  if (words === "") return undefined;
  const [, source, flags = ""] = /^\/(.+)\/([imsu]*)$/.exec(words) ?? [];
  if (source !== undefined) {
    const expression = new RegExp(source, flags);
    return (text) => expression.test(text);
  }
  const wanted = words.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

/** Matches the lines from `from` on, and tells of those found after each slice.
 *  @returns one more than the last line that was looked at */
export async function findLines(
  store: LogStore,
  matches: Matcher,
  from: number,
  found: (lines: readonly number[]) => void,
  signal: AbortSignal,
): Promise<number> {
  let at = Math.max(from, store.start);
  while (!signal.aborted && at < store.end) {
    const hits: number[] = [];
    const until = performance.now() + sliceMs;
    do {
      const stop = Math.min(store.end, at + linesPerLook);
      for (; at < stop; at++) if (matches(plainText(store.line(at)).slice(0, matchedLength))) hits.push(at);
    } while (at < store.end && performance.now() < until);
    if (hits.length > 0) found(hits);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return at;
}
