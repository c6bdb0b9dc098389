/** Durations with units, as `1h 30min`, `2days` or `500ms`. A month has 30.44 days, a year 365.25. `M` is a month, `m` a minute. */

const day = 86_400;

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
      [2_630_016, "M month months"],
      [31_557_600, "y yr yrs year years"],
    ] as const
  ).flatMap(([seconds, names]) => names.split(" ").map((name) => [name, seconds])),
);

const whole = /^\s*(?:\d+(?:\.\d+)?\s*[A-Za-zµμ]+\s*)+$/;
const groups = /(\d+(?:\.\d+)?)\s*([A-Za-zµμ]+)/g;
/** No text that is longer says anything that a shorter one could not. */
const longestText = 256;

/** Seconds, with their fraction; undefined when it is no duration. */
export function parseUnitDuration(text: string): number | undefined {
  if (text.trim() === "0") return 0;
  if (text.length > longestText || !whole.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(groups)) {
    const seconds = units.get(unit ?? "");
    if (seconds === undefined) return undefined;
    total += Number(amount) * seconds;
  }
  return total > Number.MAX_SAFE_INTEGER ? undefined : withoutRoundingDust(total);
}

/** Milliseconds, or undefined when it is no duration. */
export function parseUnitDurationMs(text: string): number | undefined {
  const seconds = parseUnitDuration(text);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** A tenth of a second, ten times, is a second: what binary fractions leave below a nanosecond would cost one when it is cut. */
function withoutRoundingDust(seconds: number): number {
  const nearest = Math.round(seconds);
  return Math.abs(seconds - nearest) < 1e-9 ? nearest : seconds;
}
