/** A unified diff of two texts, with three lines of context, as `diff -u` prints it. */
import { diffIndices } from "node-diff3";

const contextLines = 3;
const header = "--- original\n+++ modified\n";

interface Change {
  readonly from: number;
  readonly removed: number;
  readonly to: number;
  readonly added: number;
}

/** Comparing takes time by the product of the numbers of lines: some 0.2 s for this many. And node-diff3 hands all lines of a region to
 *  one call as arguments, of which there is a limit. */
const mostLineProducts = 50_000_000;
const mostLines = 50_000;

/** Whether node-diff3 may be asked: nobody is to hold up everybody else with two files. */
export function isComparable(a: readonly string[], b: readonly string[]): boolean {
  return Math.max(a.length, b.length) <= mostLines && a.length * b.length <= mostLineProducts;
}

/** @param original lines with their ends */
export function unifiedDiff(original: readonly string[], modified: readonly string[]): string {
  const hunks = hunksOf(changesBetween(original, modified));
  return header + hunks.map((hunk) => renderHunk(hunk, original, modified)).join("");
}

/** What both begin and end with is not compared; what would take too long is one change. */
function changesBetween(original: readonly string[], modified: readonly string[]): readonly Change[] {
  const shortest = Math.min(original.length, modified.length);
  let head = 0;
  while (head < shortest && original[head] === modified[head]) head++;
  let tail = 0;
  while (tail < shortest - head && original.at(-1 - tail) === modified.at(-1 - tail)) tail++;
  const [before, after] = [original.slice(head, original.length - tail), modified.slice(head, modified.length - tail)];
  if (!isComparable(before, after)) return [{ from: head, removed: before.length, to: head, added: after.length }];
  return diffIndices(before, after).map(({ buffer1, buffer2 }) => ({
    from: head + buffer1[0],
    removed: buffer1[1],
    to: head + buffer2[0],
    added: buffer2[1],
  }));
}

/** Changes whose contexts touch are shown together. */
function hunksOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last !== undefined && change.from - (last.from + last.removed) <= 2 * contextLines) hunks.at(-1)!.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function renderHunk(changes: readonly Change[], original: readonly string[], modified: readonly string[]): string {
  const [first, last] = [changes[0]!, changes.at(-1)!];
  const before = Math.min(contextLines, first.from);
  const [begin, end] = [first.from - before, Math.min(original.length, last.from + last.removed + contextLines)];
  const lines: string[] = [];
  let position = begin;
  for (const { from, removed, to, added } of changes) {
    lines.push(...marked(" ", original.slice(position, from)));
    lines.push(...marked("-", original.slice(from, from + removed)), ...marked("+", modified.slice(to, to + added)));
    position = from + removed;
  }
  lines.push(...marked(" ", original.slice(position, end)));
  const grown = changes.reduce((sum, { removed, added }) => sum + added - removed, 0);
  const ranges = `-${range(begin, end - begin)} +${range(first.to - before, end - begin + grown)}`;
  return `@@ ${ranges} @@\n${lines.join("")}`;
}

function marked(mark: string, lines: readonly string[]): string[] {
  return lines.map((line) => mark + (line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`));
}

/** Lines are counted from 1; a range of none names the line before it. */
function range(begin: number, length: number): string {
  if (length === 1) return String(begin + 1);
  return `${length === 0 ? begin : begin + 1},${length}`;
}
