/** Durations as people write them on wires and in files: whole seconds, or the part of ISO 8601 that has one meaning.
 *  Months are refused (they have no fixed length); a year is 365 days. */

const isoDuration = /^P(?:(\d+)W|(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)$/;

/** Seconds in `text` (`90`, `-1`, `PT1H30M`, `P2W`, `P1Y2DT3S`), or undefined when it is no duration. */
export function parseDurationSeconds(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  const match = isoDuration.exec(trimmed);
  if (!match) return undefined;
  const [weeks, years, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  const total =
    weeks! * 7 * 86_400 + years! * 365 * 86_400 + days! * 86_400 + hours! * 3_600 + minutes! * 60 + seconds!;
  return Number.isSafeInteger(total) ? total : undefined;
}
