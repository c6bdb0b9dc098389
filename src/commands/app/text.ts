/** How apps are told of in text: amounts, times, and what a start has led to. */
import type { AppSeen } from "../../client/apps.ts";
import { inert } from "../../client/inert.ts";
import type { Settled } from "../../client/settle.ts";
import { YardError } from "../../platform/errors.ts";

const binaryUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `512 B`, `1.5 MiB`, `320 MiB`: three digits at most. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  for (; amount >= 1_000 && unit < binaryUnits.length - 1; unit++) amount /= 1_024;
  return `${unit > 0 && amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${binaryUnits[unit]}`;
}

export function percentText(percent: number): string {
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;
}

const spans = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** The two largest units: `3d 4h`, `5m 10s`, `0s`. */
export function durationText(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds / 1_000));
  const first = spans.findIndex(([, seconds]) => total >= seconds);
  if (first < 0) return "0s";
  let rest = total;
  const parts = spans.slice(first, first + 2).flatMap(([unit, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.join(" ");
}

/** Local time with its offset, and how far away that is: `2026-01-31 08:00:00 +01:00 (in 5m 10s)`. */
export function timeText(at: Date, now = Date.now()): string {
  const distance = at.getTime() - now;
  const relation = distance > 0 ? `in ${durationText(distance)}` : `${durationText(-distance)} ago`;
  return `${localTime(at)} (${relation})`;
}

function localTime(at: Date): string {
  const two = (value: number): string => String(Math.abs(value)).padStart(2, "0");
  const offset = -at.getTimezoneOffset();
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${time} ${offset < 0 ? "-" : "+"}${two(Math.trunc(offset / 60))}:${two(offset % 60)}`;
}

/** What became of a start, as a sentence. @throws {YardError} if it did not lead to what was asked for, with where to look */
export function settledText(given: string, settled: Settled): string {
  const name = inert(given);
  switch (settled.kind) {
    case "running":
      return `${name} runs: process ${settled.app.pid}.`;
    case "waiting":
      return `${name} waits for its next start: ${timeText(settled.until)}.`;
    case "ended":
      return `${name} has run and exited with 0.`;
    case "removed":
      return `${name} has run, and was deleted at its end as it asks for.`;
    case "failed":
      throw new YardError("precondition", `${name} did not keep running: ${reasonIn(settled.app)}`);
    case "late":
      throw new YardError("timeout", `${name} has not started in time: ${reasonIn(settled.app)}`);
  }
}

/** A program that ended may have printed why; one that could not be started has printed nothing. */
function reasonIn({ name, lastError, exitCode }: AppSeen): string {
  const where = `runyard app ${exitCode === undefined ? "show" : "logs"} ${inert(name)}`;
  return `${lastError === undefined ? "the yard gives no reason." : inert(lastError)} Look: ${where}`;
}
