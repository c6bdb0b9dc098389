/** Who may start next. Everything that is submitted has a place here from then until its end; only so many have their turn at one time, so that
 *  the memories they resume need not all be loaded. A turn ends when the script has; what it leaves is recorded while the next ones run, so that
 *  no engine waits for the disk. Teams take turns, and none can take all places. */
import { YardError } from "../platform/errors.ts";
import { createFairQueue } from "./engine/fair-queue.ts";

export interface StartQueueOptions {
  /** Places that have their turn at one time. */
  readonly atOnce: number;
  /** Places whose turn is over and that are still there: beyond so many, the disk does not keep up, and nobody else has a turn. */
  readonly mostEnding: number;
  /** Places in all; one team has at most half of them. */
  readonly places: number;
  /** Of the sources that are held for them. */
  readonly maxBytes: number;
}

/** Dispose of it at the end, whether its turn has come or not. */
export interface Place extends Disposable {
  readonly turn: Promise<void>;
  /** It has had its turn, and keeps its place. */
  endTurn(): void;
}

export interface StartQueue {
  /** @throws {YardError} too_many */
  join(teamId: string, bytes: number): Place;
}

interface Entry {
  readonly turn: PromiseWithResolvers<void>;
}

const retryAfterMs = 1_000;

export function createStartQueue({ atOnce, mostEnding, places, maxBytes }: StartQueueOptions): StartQueue {
  const waiting = createFairQueue<Entry>();
  const placesOf = new Map<string, number>();
  let taken = 0;
  let heldBytes = 0;
  let inTurn = 0;
  let ending = 0;

  function requirePlace(teamId: string, bytes: number): void {
    const own = placesOf.get(teamId) ?? 0;
    if (taken < places && own < Math.ceil(places / 2) && (heldBytes + bytes <= maxBytes || taken === 0)) return;
    const whose = own >= Math.ceil(places / 2) ? "of yours " : "";
    const message = `Too many scripts ${whose}are waiting (${whose === "" ? taken : own}). Try again in a moment.`;
    throw new YardError("too_many", message, { retryAfterMs });
  }

  function give(): void {
    while (inTurn < atOnce && ending < mostEnding) {
      const next = waiting.take();
      if (next === undefined) return;
      inTurn++;
      next.turn.resolve();
    }
  }

  return {
    join(teamId, bytes) {
      requirePlace(teamId, bytes);
      taken++;
      heldBytes += bytes;
      placesOf.set(teamId, (placesOf.get(teamId) ?? 0) + 1);
      const entry: Entry = { turn: Promise.withResolvers() };
      waiting.push(teamId, entry);
      give();
      let isOver = false;
      let isEnding = false;
      return {
        turn: entry.turn.promise,
        endTurn() {
          if (isOver || isEnding) return;
          isEnding = true;
          inTurn--;
          ending++;
          give();
        },
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          taken--;
          heldBytes -= bytes;
          const left = (placesOf.get(teamId) ?? 1) - 1;
          if (left === 0) placesOf.delete(teamId);
          else placesOf.set(teamId, left);
          if (isEnding) ending--;
          else if (!waiting.remove(teamId, entry)) inTurn--;
          give();
        },
      };
    },
  };
}
