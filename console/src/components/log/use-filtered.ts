/** Which lines of a log to show: all, or those that a filter finds, also among lines that come later. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { messageOf } from "../../api/call-error.ts";
import { findLines, type Matcher, parseFilter } from "./filter.ts";
import type { LogStore } from "./log-store.ts";

export interface Filtered {
  readonly count: number;
  /** The number in the log of the line at this place. */
  numberAt(place: number): number;
  /** The place of a line, or of the next one that is shown. */
  placeOf(number: number): number;
  /** Why the filter is none. */
  readonly fault?: string;
  readonly isSearching: boolean;
}

export function useFiltered(store: LogStore, words: string): Filtered {
  const version = useSyncExternalStore(store.subscribe, store.version);
  const [matcher, fault] = useMemo(() => parse(words), [words]);
  const search = useRef<{ lines: number[]; next: number }>({ lines: [], next: 0 });
  const [, redraw] = useState(0);
  const [isSearching, setSearching] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter and another log begin anew
  useEffect(() => {
    search.current = { lines: [], next: 0 };
    redraw((count) => count + 1);
  }, [matcher, store]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may have brought lines
  useEffect(() => {
    if (!matcher) return;
    const ending = new AbortController();
    const current = search.current;
    const found = (lines: readonly number[]) => {
      for (const line of lines) current.lines.push(line);
      current.next = (lines.at(-1) ?? current.next - 1) + 1;
      redraw((count) => count + 1);
    };
    setSearching(true);
    void findLines(store, matcher, current.next, found, ending.signal).then((next) => {
      if (ending.signal.aborted) return;
      // The last line may still grow: it is looked at again.
      current.next = Math.max(current.next, next - 1);
      setSearching(false);
    });
    return () => ending.abort();
  }, [matcher, store, version]);

  if (fault !== undefined) return { count: 0, numberAt: () => 0, placeOf: () => 0, fault, isSearching: false };
  if (!matcher) {
    const { start, end } = store;
    const count = end - start;
    return {
      count,
      numberAt: (place) => start + place,
      placeOf: (number) => clamp(number - start, count),
      isSearching: false,
    };
  }
  const { lines } = search.current;
  return {
    count: lines.length,
    numberAt: (place) => lines[place] ?? 0,
    placeOf: (number) =>
      clamp(
        lines.findIndex((line) => line >= number),
        lines.length,
      ),
    isSearching,
  };
}

function parse(words: string): [matcher?: Matcher, fault?: string] {
  try {
    return [parseFilter(words)];
  } catch (error) {
    return [undefined, messageOf(error)];
  }
}

function clamp(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place));
}
