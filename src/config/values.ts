/** How the text of a setting becomes its value. Each throws a `YardError` that says what was expected. */
import { resolve } from "node:path";
import { parseDurationSeconds } from "../platform/durations.ts";
import { YardError } from "../platform/errors.ts";

/** A setting as a flag, a variable or a file gives it; lists as several texts. */
export type Given = readonly string[];

/** Where relative paths are meant from. */
export interface ParseContext {
  readonly cwd: string;
}
export type Parse<T> = (given: Given, context: ParseContext) => T;

/** For settings that take one value. */
export function one<T>(parse: (text: string, context: ParseContext) => T): Parse<T> {
  return (given, context) => {
    if (given.length !== 1) throw wrong("takes one value");
    return parse(given[0]!, context);
  };
}

/** For settings that take several: `a,b`, or a list in the file. */
export function list<T>(parse: (text: string) => T): Parse<readonly T[]> {
  return (given) => {
    const texts = given.flatMap((text) => text.split(",")).map((text) => text.trim());
    if (texts.includes("")) throw wrong("has an empty entry");
    return texts.map(parse);
  };
}

export const path: Parse<string> = one((text, { cwd }) => {
  if (text === "" || text.includes("\0")) throw wrong("must be a path");
  return resolve(cwd, text);
});

export const text: Parse<string> = one((given) => {
  if (given === "") throw wrong("must not be empty");
  return given;
});

export const flag: Parse<boolean> = one((given) => {
  if (/^(?:true|yes|on|1)$/i.test(given)) return true;
  if (/^(?:false|no|off|0)$/i.test(given)) return false;
  throw wrong(`must be true or false, not "${given}"`);
});

export function choice<const T extends string>(choices: readonly T[]): Parse<T> {
  return one((given) => {
    const found = choices.find((candidate) => candidate === given);
    if (found === undefined) throw wrong(`must be one of ${choices.join(", ")}, not "${given}"`);
    return found;
  });
}

export function wholeNumber(bounds: { min: number; max: number }): Parse<number> {
  return one((given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= bounds.min && value <= bounds.max))
      throw wrong(`must be a whole number from ${bounds.min} to ${bounds.max}, not "${given}"`);
    return value;
  });
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Beyond this a timer of Node overflows and fires at once. */
const maxDurationMs = 2 ** 31 - 1;

/** Milliseconds: `500ms`, `30s`, `5m`, `2h`, `7d`, plain seconds or ISO 8601 (`PT1H30M`). */
export const duration: Parse<number> = one((given) => {
  const [, amount, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(given) ?? [];
  const seconds = parseDurationSeconds(given);
  const ms =
    amount !== undefined
      ? Number(amount) * unitMs[unit as keyof typeof unitMs]
      : seconds === undefined
        ? Number.NaN
        : seconds * 1_000;
  if (!(ms >= 0 && ms <= maxDurationMs))
    throw wrong(`must be a duration of at most 24 days (500ms, 30s, 5m, 2h, 7d), not "${given}"`);
  return ms;
});

/** A duration, or undefined for `never`. */
export const durationOrNever: Parse<number | undefined> = (given, context) =>
  given.length === 1 && given[0] === "never" ? undefined : duration(given, context);

export function wrong(message: string): YardError {
  return new YardError("invalid", message);
}
