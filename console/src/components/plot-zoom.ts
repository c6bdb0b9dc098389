/** Which part of a plot's time is shown, and what keys make of it. */

/** In seconds since 1970. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

const leastSeconds = 2;

/** @returns undefined for a key that changes nothing */
export function zoomedBy(key: string, shown: Span, all: Span): Span | undefined {
  const width = shown.max - shown.min;
  switch (key) {
    case "+":
    case "=": // the same key without Shift
      return within(around(shown, Math.max(width / 2, leastSeconds)), all);
    case "-":
      return within(around(shown, width * 2), all);
    case "ArrowLeft":
      return within(movedBy(shown, -width / 4), all);
    case "ArrowRight":
      return within(movedBy(shown, width / 4), all);
    case "Escape":
      return all;
    default:
      return undefined;
  }
}

export function showsAll(shown: Span, all: Span): boolean {
  return shown.min <= all.min && shown.max >= all.max;
}

function around({ min, max }: Span, width: number): Span {
  const middle = (min + max) / 2;
  return { min: middle - width / 2, max: middle + width / 2 };
}

function movedBy({ min, max }: Span, seconds: number): Span {
  return { min: min + seconds, max: max + seconds };
}

/** As wide, but for what is wider than all. */
function within(span: Span, all: Span): Span {
  if (span.max - span.min >= all.max - all.min) return all;
  return movedBy(span, Math.max(0, all.min - span.min) - Math.max(0, span.max - all.max));
}
