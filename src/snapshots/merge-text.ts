/** Three-way merge of texts, line by line, by node-diff3. */
import { diff3Merge } from "node-diff3";
import { isComparable, unifiedDiff } from "./unified-diff.ts";

export interface Texts {
  /** Empty where there is none. */
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

export type TextMerge =
  | { readonly merged: string }
  | {
      /** The whole text, with a block for each place that both have changed. */
      readonly markers: string;
      /** Unified, from the base. */
      readonly diffOurs: string;
      readonly diffTheirs: string;
    };

type Lines = { readonly [Side in keyof Texts]: readonly string[] };

export function mergeTexts(texts: Texts): TextMerge {
  const all = { base: linesOf(texts.base), ours: linesOf(texts.ours), theirs: linesOf(texts.theirs) };
  const { head, middle, tail } = splitCommon(all);
  const regions = mergeLines(middle);
  if (regions.every(({ conflict }) => conflict === undefined)) {
    return { merged: [...head, ...regions.flatMap(({ ok = [] }) => ok), ...tail].join("") };
  }
  return {
    markers: [...head, ...regions.flatMap(({ ok, conflict }) => ok ?? markersOf(conflict)), ...tail].join(""),
    diffOurs: unifiedDiff(all.base, all.ours),
    diffTheirs: unifiedDiff(all.base, all.theirs),
  };
}

/** With their line ends: so nothing is lost, whichever kind they are. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What all three begin and end with needs no comparison: most of the time of a small change in a large file. */
function splitCommon(lines: Lines): { head: readonly string[]; middle: Lines; tail: readonly string[] } {
  const { base, ours, theirs } = lines;
  const shortest = Math.min(base.length, ours.length, theirs.length);
  let head = 0;
  while (head < shortest && base[head] === ours[head] && base[head] === theirs[head]) head++;
  let tail = 0;
  while (
    tail < shortest - head &&
    base.at(-1 - tail) === ours.at(-1 - tail) &&
    base.at(-1 - tail) === theirs.at(-1 - tail)
  )
    tail++;
  const middleOf = (side: readonly string[]) => side.slice(head, side.length - tail);
  return {
    head: base.slice(0, head),
    middle: { base: middleOf(base), ours: middleOf(ours), theirs: middleOf(theirs) },
    tail: base.slice(base.length - tail),
  };
}

interface Conflict {
  readonly a: readonly string[];
  readonly o: readonly string[];
  readonly b: readonly string[];
}

type Region = { readonly ok?: readonly string[]; readonly conflict?: Conflict };

/** What would take too long to compare is a conflict as a whole. */
function mergeLines({ base, ours, theirs }: Lines): readonly Region[] {
  if (!isComparable(base, ours) || !isComparable(base, theirs)) return [{ conflict: { a: ours, o: base, b: theirs } }];
  return diff3Merge([...ours], [...base], [...theirs], { excludeFalseConflicts: true });
}

function markersOf({ a, o, b }: Conflict = { a: [], o: [], b: [] }): readonly string[] {
  return [
    "<<<<<<< ours\n",
    ...closed(a),
    "||||||| original\n",
    ...closed(o),
    "=======\n",
    ...closed(b),
    ">>>>>>> theirs\n",
  ];
}

/** A marker stands on a line of its own, also behind a last line that has no end. */
function closed(lines: readonly string[]): readonly string[] {
  const last = lines.at(-1);
  return last === undefined || last.endsWith("\n") ? lines : [...lines.slice(0, -1), `${last}\n`];
}
