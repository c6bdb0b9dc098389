/** Cron expressions of six fields, seconds first: `0 30 6 * * MON-FRI` is half past six in the morning of every working day.
 *
 *  The fields are of local wall time, so summer time matters. In the night when the clock goes forward a time that does not exist is made up
 *  for right after the gap if the expression names one time of day (`0 30 2 * * *`), and left out if it names several. In the night when it goes
 *  back, one time of day comes once, at its first occurrence; an expression of several times goes on through both passes.
 *  @see CronOptions.fixedTimeRule of croner, which does the arithmetic */
import { Cron } from "croner";
import { YardError } from "./errors.ts";

export interface CronExpression {
  /** The first time that fits and is later than `after`, both in wall milliseconds; undefined if there is none for ever. */
  nextAfter(after: number): number | undefined;
}

/** Far longer than any that a person would write; a list of thousands of numbers takes croner a hundred milliseconds. */
const longestText = 256;
/** A parsed expression takes 80 KB and 60 µs: few are kept, and those that many share are among them. */
const mostKept = 32;
const kept = new Map<string, CronExpression>();

/** @param timeZone an IANA name; by default this machine's own
 *  @throws {YardError} precondition, with the field `schedule`, for text that is no expression or an unknown time zone */
export function parseCron(expression: string, timeZone?: string): CronExpression {
  const key = `${timeZone ?? ""} ${expression}`;
  const parsed = kept.get(key) ?? parse(expression, timeZone);
  kept.delete(key); // to the end of the line: the one that nobody asked for longest goes first
  if (kept.size >= mostKept) kept.delete(kept.keys().next().value!);
  kept.set(key, parsed);
  return parsed;
}

function parse(expression: string, timezone: string | undefined): CronExpression {
  if (expression.length > longestText) throw badCron(expression, `longer than ${longestText} characters`);
  // Croner would also take a date, or a nickname like @daily.
  if (expression.trim().split(/\s+/).length !== 6) throw badCron(expression, "not six fields, seconds first");
  try {
    if (timezone !== undefined) new Intl.DateTimeFormat("en", { timeZone: timezone });
    const cron = new Cron(expression, { mode: "6-part", timezone });
    return { nextAfter: (after) => cron.nextRun(new Date(after))?.getTime() };
  } catch (error) {
    throw badCron(expression, error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error));
  }
}

function badCron(expression: string, why: string): YardError {
  const shown = JSON.stringify(expression.length > 60 ? `${expression.slice(0, 60)}…` : expression);
  const message = `${shown} is no cron expression: ${why}. Write six fields, like "0 */5 * * * *" for every five minutes.`;
  return new YardError("precondition", message, { field: "schedule" });
}
