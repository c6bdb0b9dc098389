/** What two texts differ in, line by line. */
import { unifiedDiff } from "../../../../src/snapshots/unified-diff.ts";

export interface DiffLine {
  /** "@" begins a place somewhere else in the text. */
  readonly sign: "+" | "-" | " " | "@";
  readonly text: string;
}

/** As a person reads it: what differs, and what is around it. */
export function diffTexts(before: string, after: string): readonly DiffLine[] {
  const [, , ...lines] = unifiedDiff(linesOf(before), linesOf(after)).split("\n"); // without the two names
  return lines.flatMap((line): DiffLine[] => {
    const sign = line.charAt(0);
    if (sign === "+" || sign === "-" || sign === " ") return [{ sign, text: line.slice(1) }];
    return sign === "@" ? [{ sign, text: line }] : [];
  });
}

/** With their ends. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}
