/** The slots of a schedule: the moments at which a unit starts. A slot at which its window is closed is none.
 *
 *  A slot is fired once. What was missed, because the agent was away or the clock was set forward, is not made up for. When the clock is
 *  set back, the slots that come again have been fired already and are left out, unless it went back by more than the time from one
 *  slot to the next: then the schedule goes on by the new time, as it would fall silent otherwise. */
import { parseCron } from "../platform/cron.ts";
import type { RunWindow, Schedule } from "./protocol.ts";
import { isOpen, opensAt } from "./window.ts";

/** How many slots and openings are compared before it is settled that they never meet (a slot at noon, a window in the night). A cron slot
 *  takes 100 µs to find, one of an interval next to nothing. */
const mostTries = { cron: 400, interval: 10_000 };

/** @returns the first slot later than `after`, in wall milliseconds; undefined if there is none
 *  @throws {YardError} precondition, for text that is no cron expression */
export function nextSlotAfter(schedule: Schedule, window: RunWindow | undefined, after: number): number | undefined {
  const next = slotsOf(schedule);
  let since = after;
  for (let tries = mostTries[schedule.kind]; tries > 0; tries--) {
    const slot = next(since);
    if (slot === undefined || isOpen(window, slot)) return slot;
    const opening = opensAt(window, slot);
    if (opening === undefined) return undefined;
    since = opening - 1;
  }
  return undefined;
}

/** @throws {YardError} precondition, with the field `schedule`, for what no clock could follow */
export function checkSchedule(schedule: Schedule | undefined): void {
  if (schedule?.kind === "cron") parseCron(schedule.expression, schedule.timeZone);
}

/** The slot to fire next.
 *  @param last the slot that was fired last
 *  @param from the earliest that counts, now or shortly before */
export function slotToCome(
  { schedule, window }: { readonly schedule?: Schedule; readonly window?: RunWindow },
  { from, last }: { readonly from: number; readonly last: number | undefined },
): number | undefined {
  if (!schedule) return undefined;
  const slot = nextSlotAfter(schedule, window, from - 1);
  if (slot === undefined || last === undefined || slot > last) return slot;
  const following = nextSlotAfter(schedule, window, slot);
  const wentBackFar = following !== undefined && last - from > following - slot;
  return wentBackFar ? slot : nextSlotAfter(schedule, window, last);
}

function slotsOf(schedule: Schedule): (after: number) => number | undefined {
  if (schedule.kind === "cron") return parseCron(schedule.expression, schedule.timeZone).nextAfter;
  const { from, everyMs } = schedule;
  return (after) => (after < from ? from : from + (Math.floor((after - from) / everyMs) + 1) * everyMs);
}
