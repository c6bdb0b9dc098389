/** How far each log was followed by the last one who left before its end. Who comes after a control plane that was killed goes on from there: nobody
 *  else knows. What was sent in the last moment before may have reached nobody, so it is sent again: rather twice than never. */
import type { Readable } from "node:stream";
import type { OutputLog } from "../sandboxes/sandbox.ts";

/** A control plane that dies leaves its connection within as long. */
const doubtMs = 500;
const markEveryMs = 50;

interface Mark {
  readonly slot: number;
  at: number;
  next: number;
}

const places = new WeakMap<OutputLog, number>();

export function leftOffAt(log: OutputLog): number | undefined {
  return places.get(log);
}

/** @param source what follows the log from `position` on, not yet read */
export function noteFollowing(log: OutputLog, source: Readable, position: number): void {
  let next = position;
  let certain = position;
  const marks: Mark[] = [];

  function settle(now: number): void {
    for (let [mark] = marks; mark && mark.at <= now - doubtMs; [mark] = marks) {
      certain = mark.next;
      marks.shift();
    }
  }

  source.on("data", (bytes: Buffer) => {
    next += bytes.length;
    const at = performance.now();
    const slot = Math.floor(at / markEveryMs);
    const last = marks.at(-1);
    if (last?.slot === slot) Object.assign(last, { at, next });
    else marks.push({ slot, at, next });
    settle(at);
  });
  source.once("close", () => {
    settle(performance.now());
    places.set(log, certain);
  });
}
