/** App Mesh's times: epoch seconds, each with a readable twin in the server's local time. */

export function epochSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}

/** `2025-10-15T09:53:06+08`: local time with the offset in hours (and minutes where a zone has them). */
export function localTimeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${timeOfDayText(date)}`;
}

/** `17:00:00+08`: what the local clock shows so many seconds after UTC midnight. */
export function localTimeOfDayText(secondsSinceUtcMidnight: number, nowMs: number): string {
  const midnight = new Date(nowMs).setUTCHours(0, 0, 0, 0); // today's: the offset changes over the year
  return timeOfDayText(new Date(midnight + secondsSinceUtcMidnight * 1_000));
}

function timeOfDayText(date: Date): string {
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${time}${offsetText(-date.getTimezoneOffset())}`;
}

/** `+08`: how far the local clock is ahead of UTC at that moment. */
export function zoneText(date: Date): string {
  return offsetText(-date.getTimezoneOffset());
}

function offsetText(minutes: number): string {
  const absolute = Math.abs(minutes);
  const rest = absolute % 60;
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(absolute / 60))}${rest === 0 ? "" : `:${two(rest)}`}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
