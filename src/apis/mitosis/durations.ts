/** Durations as Mitosis writes them: `1h 30min`, `2days`, `500ms`. */
import { parseUnitDuration } from "../../platform/unit-durations.ts";
import { wrongShape } from "./errors.ts";

/** Seconds, with their fraction. @throws {YardError} invalid, as for a body of the wrong shape */
export function durationFromWire(text: string, field: string): number {
  const seconds = parseUnitDuration(text);
  if (seconds !== undefined) return seconds;
  throw wrongShape(field, "is no duration: write it as 10m, 1h 30min or 2days, in units of ms, s, m, h, d, w, M or y");
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
  [31_557_600, "year", "years"],
  [2_630_016, "month", "months"],
  [86_400, "day", "days"],
  [3_600, "h", "h"],
  [60, "m", "m"],
  [1, "s", "s"],
] as const;
