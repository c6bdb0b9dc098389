/** Durations as Mitosis writes them: `1h 30min`, `2days`, `500ms`. A month has 30.44 days, a year 365.25. `M` is a month, `m` a minute. */
import { wrongShape } from "./errors.ts";

const day = 86_400;
const month = 2_630_016;
const year = 31_557_600;

/** Seconds of each unit, by all its spellings. */
const units: ReadonlyMap<string, number> = new Map(
  (
    [
      [1e-9, "ns nsec nanos"],
      [1e-6, "us usec µs μs micros"],
      [1e-3, "ms msec millis"],
      [1, "s sec secs second seconds"],
      [60, "m min mins minute minutes"],
      [3_600, "h hr hrs hour hours"],
      [day, "d day days"],
      [7 * day, "w wk wks week weeks"],
      [month, "M month months"],
      [year, "y yr yrs year years"],
    ] as const
  ).flatMap(([seconds, names]) => names.split(" ").map((name) => [name, seconds])),
);

const whole = /^\s*(?:\d+(?:\.\d+)?\s*[A-Za-zµμ]+\s*)+$/;
const groups = /(\d+(?:\.\d+)?)\s*([A-Za-zµμ]+)/g;
/** No text that is longer says anything that a shorter one could not. */
const longestText = 256;

/** Seconds, with their fraction. @throws {YardError} invalid, as for a body of the wrong shape */
export function durationFromWire(text: string, field: string): number {
  if (text.trim() === "0") return 0;
  if (text.length > longestText || !whole.test(text))
    throw wrongShape(field, "is no duration: write it as 10m, 1h 30min or 2days");
  let total = 0;
  for (const [, amount, unit] of text.matchAll(groups)) {
    const seconds = units.get(unit ?? "");
    if (seconds === undefined) throw wrongShape(field, `has the unknown unit ${unit}: use ms, s, m, h, d, w, M or y`);
    total += Number(amount) * seconds;
  }
  if (total > Number.MAX_SAFE_INTEGER) throw wrongShape(field, "is longer than can be counted");
  return withoutRoundingDust(total);
}

/** Whole seconds; a fraction is cut off. */
export function secondsFromWire(text: string, field: string): number {
  return Math.floor(durationFromWire(text, field));
}

/** Largest units first, as in `1day 2h`; nothing is `0s`. */
export function durationToWire(seconds: number): string {
  const parts: string[] = [];
  let left = seconds;
  for (const [size, name, plural] of written) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0) parts.push(`${amount}${amount > 1 ? plural : name}`);
  }
  return parts.join(" ") || "0s";
}

const written = [
  [year, "year", "years"],
  [month, "month", "months"],
  [day, "day", "days"],
  [3_600, "h", "h"],
  [60, "m", "m"],
  [1, "s", "s"],
] as const;

/** A tenth of a second, ten times, is a second: what binary fractions leave below a nanosecond would cost one when it is cut. */
function withoutRoundingDust(seconds: number): number {
  const nearest = Math.round(seconds);
  return Math.abs(seconds - nearest) < 1e-9 ? nearest : seconds;
}
