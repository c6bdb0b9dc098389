/** Times, sizes and durations for people. */
import { useEffect, useState } from "react";

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const steps = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** "3 min ago", "in 2 hr". @param at in milliseconds since 1970 */
export function agoText(at: number, now = Date.now()): string {
  const distance = at - now;
  const [unit, size] = steps.find(([, each]) => Math.abs(distance) >= each) ?? ["second", 1_000];
  return relative.format(Math.trunc(distance / size), unit);
}

/** How long ago, kept true; the exact time on hover. */
export function Ago({ at }: { at: number }) {
  useNow(1_000 * 10);
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute.format(at)}>
      {agoText(at)}
    </time>
  );
}

/** The time, again and again. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${value.toFixed(value < 10 && power > 0 ? 1 : 0)} ${units[power]}`;
}

export const countText = (count: number): string => count.toLocaleString();
