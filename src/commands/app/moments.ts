/** Times and durations as options give them, and as App Mesh's API takes them. */
import { InvalidArgumentError } from "commander";
import { parseDurationSeconds } from "../../platform/durations.ts";

const shortDuration = /^(?=\d)(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/** `90`, `90s`, `1h30m`, `2d`, `1w` or ISO 8601, as whole seconds or ISO 8601. */
export function duration(text: string): string {
  if ((parseDurationSeconds(text) ?? 0) > 0) return text.trim();
  const [weeks, days, hours, minutes, seconds] = (shortDuration.exec(text)?.slice(1) ?? []).map((part) =>
    Number(part ?? 0),
  );
  const total = (((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  if (total > 0) return isoDuration(total);
  throw new InvalidArgumentError("It is a duration such as 30s, 5m, 1h30m, 2d, or PT5M.");
}

function isoDuration(totalSeconds: number): string {
  const days = Math.floor(totalSeconds / 86_400);
  const parts = [
    [Math.floor(totalSeconds / 3_600) % 24, "H"],
    [Math.floor(totalSeconds / 60) % 60, "M"],
    [totalSeconds % 60, "S"],
  ] as const;
  const time = parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : "")).join("");
  return `P${days > 0 ? `${days}D` : ""}${time === "" ? "" : `T${time}`}`;
}

const momentForm = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/;

/** A date, or a date and a time: of this machine's time zone, unless it has its own. In epoch seconds. */
export function moment(text: string): number {
  const [, day, time = "00:00", zone = ""] = momentForm.exec(text) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      "It is a date, or a date and a time: 2026-01-31, 2026-01-31T08:00, 2026-01-31T08:00+01:00.",
    );
  return Math.floor(at / 1_000);
}

/** Seconds since midnight, UTC. */
export interface DailyHours {
  readonly daily_start: number;
  readonly daily_end: number;
}

const hoursForm = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** `HH:MM-HH:MM`, over midnight where the second comes first on the clock. */
export function dailyHours(text: string): DailyHours {
  const [fromHour, fromMinute, toHour, toMinute] = (hoursForm.exec(text)?.slice(1) ?? []).map(Number);
  if (fromHour === undefined) throw new InvalidArgumentError("It looks like 08:00-18:30, in UTC.");
  return {
    daily_start: fromHour * 3_600 + (fromMinute ?? 0) * 60,
    daily_end: (toHour ?? 0) * 3_600 + (toMinute ?? 0) * 60,
  };
}
