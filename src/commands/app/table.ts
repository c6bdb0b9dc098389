/** Tables for a terminal: columns that line up, and fewer of them where it is narrow. */
import { inert } from "../../client/inert.ts";

export interface Column<Row> {
  readonly heading: string;
  /** Text of anybody: it is made inert here. */
  cell(row: Row): string;
  readonly alignRight?: boolean;
  /** Where there is no room for all columns, those with the highest number go first; without one it stays. */
  readonly dispensable?: number;
}

const gap = "  ";
const leastWidth = 8;
const ellipsis = "…";

/** The lines of the table, its headings first. Where even the columns that stay do not fit, the first one is cut.
 *  @param width in characters; Infinity for what is no terminal */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string[] {
  const shown = columns.map((column) => ({
    column,
    cells: [column.heading, ...rows.map((row) => inert(column.cell(row)))],
  }));
  const measured = shown.map((one) => ({ ...one, width: Math.max(...one.cells.map(displayWidth)) }));
  while (totalWidth(measured) > width) {
    const least = measured.toSorted((a, b) => (b.column.dispensable ?? 0) - (a.column.dispensable ?? 0))[0];
    if (!least?.column.dispensable) break;
    measured.splice(measured.indexOf(least), 1);
  }
  const [first] = measured;
  if (first) first.width = Math.min(first.width, Math.max(leastWidth, first.width - (totalWidth(measured) - width)));
  return [...Array(rows.length + 1).keys()].map((line) =>
    measured
      .map(({ cells, width, column }) => fit(cells[line] ?? "", width, column.alignRight))
      .join(gap)
      .trimEnd(),
  );
}

function totalWidth(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, gap.length * (columns.length - 1));
}

function fit(text: string, width: number, alignRight = false): string {
  let kept = text;
  while (displayWidth(kept) > width) kept = [...kept.replace(ellipsis, "")].slice(0, -1).join("") + ellipsis;
  const padding = " ".repeat(width - displayWidth(kept));
  return alignRight ? padding + kept : kept + padding;
}

/** Terminals show these in two cells, and marks in none. */
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const mark = /\p{M}/u;

function displayWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + (wide.test(character) ? 2 : mark.test(character) ? 0 : 1), 0);
}
