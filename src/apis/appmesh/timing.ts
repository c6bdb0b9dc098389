/** When App Mesh's applications run: interval or cron, start and end, daily hours, retention; from the wire and back. */
import type { AppDefinition, AppSchedule, WrittenDuration } from "../../apps/app.ts";
import { parseDurationSeconds } from "../../platform/durations.ts";
import { YardError } from "../../platform/errors.ts";
import type { AppRequest, AppView } from "./schemas.ts";
import { epochSeconds, localTimeOfDayText, localTimeText } from "./times.ts";

type Timing = Pick<AppDefinition, "schedule" | "window" | "retention">;

/** Longer than anything that runs; in milliseconds still an exact number. */
const longestSeconds = 100 * 365 * 86_400;
/** A periodic application's first slot, where none is given. */
const firstSlotDelayMs = 1_000;

/** @param registeredAt wall milliseconds
 *  @throws {YardError} invalid, with the field; what is no cron expression is told by the check of the definition */
export function timingFromWire(body: AppRequest, registeredAt: number): Timing {
  const from = body.start_time ? body.start_time * 1_000 : undefined;
  const until = body.end_time ? body.end_time * 1_000 : undefined;
  const daily = body.daily_limitation ?? undefined;
  const schedule = scheduleFromWire(body, from ?? registeredAt + firstSlotDelayMs);
  const start = from ?? (schedule?.kind === "interval" ? schedule.from : undefined);
  if (start !== undefined && until !== undefined && start > until) {
    throw new YardError("invalid", "must not be before the start", { field: "end_time" });
  }
  const window = {
    ...(from !== undefined ? { from } : {}),
    ...(until !== undefined ? { until } : {}),
    ...(daily ? { daily: { startSeconds: daily.daily_start, endSeconds: daily.daily_end } } : {}),
  };
  return {
    ...(schedule ? { schedule } : {}),
    ...(Object.keys(window).length > 0 ? { window } : {}),
    ...retentionFromWire(body.retention),
  };
}

function scheduleFromWire(body: AppRequest, from: number): AppSchedule | undefined {
  const field = "start_interval_seconds";
  const text = String(body.start_interval_seconds ?? "").trim();
  if (text === "") {
    if (body.cron) throw new YardError("invalid", "is required with cron: an expression of six fields", { field });
    return undefined;
  }
  if (body.cron) return { kind: "cron", expression: text };
  const every = durationFromWire(text, field);
  if (every.ms <= 0) throw new YardError("invalid", "must be more than 0 seconds", { field });
  return { kind: "interval", every, from };
}

function retentionFromWire(given: AppRequest["retention"]): Pick<Timing, "retention"> {
  const field = "retention";
  const text = String(given ?? "").trim();
  if (text === "") return {};
  const retention = durationFromWire(text, field);
  if (retention.ms < 0) throw new YardError("invalid", "must not be negative", { field });
  return retention.ms === 0 ? {} : { retention };
}

function durationFromWire(text: string, field: string): WrittenDuration {
  const seconds = parseDurationSeconds(text);
  if (seconds === undefined) {
    throw new YardError(
      "invalid",
      "must be whole seconds or an ISO 8601 duration like PT5M (months have no fixed length)",
      {
        field,
      },
    );
  }
  if (seconds > longestSeconds) throw new YardError("invalid", "must not be longer than 100 years", { field });
  return { text, ms: seconds * 1_000 };
}

/** @param at.registeredAt, at.now wall milliseconds */
export function timingToWire({ schedule, window, retention }: Timing, at: { registeredAt: number; now: number }) {
  const firstSlot = schedule?.kind === "interval" ? schedule.from : at.registeredAt + firstSlotDelayMs;
  const start = window?.from ?? (schedule && firstSlot);
  return {
    ...(start !== undefined ? timeField("start_time", start) : {}),
    ...(window?.until !== undefined ? timeField("end_time", window.until) : {}),
    ...(schedule?.kind === "interval" ? { start_interval_seconds: schedule.every.text } : {}),
    ...(schedule?.kind === "cron" ? { start_interval_seconds: schedule.expression, cron: true } : {}),
    ...(retention ? { retention: retention.text } : {}),
    ...(window?.daily ? { daily_limitation: dailyToWire(window.daily, at.now) } : {}),
  } satisfies Partial<AppView>;
}

function dailyToWire({ startSeconds, endSeconds }: { startSeconds: number; endSeconds: number }, now: number) {
  return {
    daily_start: startSeconds,
    daily_start_TEXT: localTimeOfDayText(startSeconds, now),
    daily_end: endSeconds,
    daily_end_TEXT: localTimeOfDayText(endSeconds, now),
  };
}

/** A time with its readable twin. */
export function timeField<const Name extends string>(
  name: Name,
  at: number,
): Record<Name, number> & Record<`${Name}_TEXT`, string> {
  return { [name]: epochSeconds(at), [`${name}_TEXT`]: localTimeText(at) } as Record<Name, number> &
    Record<`${Name}_TEXT`, string>;
}
