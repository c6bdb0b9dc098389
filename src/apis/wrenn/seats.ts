/** How many of something each holder may have at once: sockets of a team, connections to a capsule. */
import { YardError } from "../../platform/errors.ts";

export interface Seats {
  /** Disposing gives it back. @throws {YardError} too_many */
  take(holder: string): Disposable;
}

/** @param what `open sockets of this team` */
export function createSeats(most: number, what: string): Seats {
  const taken = new Map<string, number>();
  return {
    take(holder) {
      const others = taken.get(holder) ?? 0;
      if (others >= most) {
        throw new YardError("too_many", `There are ${others} ${what} already: try again when there are fewer.`);
      }
      taken.set(holder, others + 1);
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (!isHeld) return;
          isHeld = false;
          const left = (taken.get(holder) ?? 1) - 1;
          if (left > 0) taken.set(holder, left);
          else taken.delete(holder);
        },
      };
    },
  };
}
