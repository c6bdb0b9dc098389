/** When a unit may run: arithmetic on RunWindow, in wall milliseconds. Absent, it is always open. */
import type { RunWindow } from "./protocol.ts";

const dayMs = 86_400_000;

export function isOpen(window: RunWindow | undefined, at: number): boolean {
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = window ?? {};
  return at >= from && at < until && isOpenToday(window?.daily, at);
}

/** @returns the first moment from `at` on when it is open; undefined if that never comes */
export function opensAt(window: RunWindow | undefined, at: number): number | undefined {
  const { from = at, until = Number.POSITIVE_INFINITY, daily } = window ?? {};
  let opens = Math.max(at, from);
  if (daily && !isOpenToday(daily, opens)) opens += untilTimeOfDay(daily.startSeconds, opens);
  return opens < until ? opens : undefined;
}

/** @param at a moment when it is open
 *  @returns the first moment after it when it is closed; undefined if that never comes */
export function closesAt(window: RunWindow | undefined, at: number): number | undefined {
  const { until = Number.POSITIVE_INFINITY, daily } = window ?? {};
  const isLimited = daily && daily.startSeconds !== daily.endSeconds;
  const closes = Math.min(until, isLimited ? at + untilTimeOfDay(daily.endSeconds, at) : until);
  return Number.isFinite(closes) ? closes : undefined;
}

function isOpenToday(daily: RunWindow["daily"], at: number): boolean {
  if (!daily || daily.startSeconds === daily.endSeconds) return true;
  const time = timeOfDay(at);
  const isFromStart = time >= daily.startSeconds * 1_000;
  const isBeforeEnd = time < daily.endSeconds * 1_000;
  return daily.startSeconds < daily.endSeconds ? isFromStart && isBeforeEnd : isFromStart || isBeforeEnd;
}

/** Milliseconds since UTC midnight. */
function timeOfDay(at: number): number {
  return at - Math.floor(at / dayMs) * dayMs;
}

/** Milliseconds until the UTC clock next shows that time: a whole day if it shows it now. */
function untilTimeOfDay(seconds: number, at: number): number {
  const wait = seconds * 1_000 - timeOfDay(at);
  return wait > 0 ? wait : wait + dayMs;
}
