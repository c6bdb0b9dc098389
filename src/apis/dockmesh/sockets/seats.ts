/** How many WebSockets one user may have open at once. */
import { YardError } from "../../../platform/errors.ts";

export interface SocketSeats {
  /** Disposing gives it back. @throws {YardError} too_many */
  take(userId: string): Disposable;
}

export function createSocketSeats(most: number): SocketSeats {
  const taken = new Map<string, number>();
  return {
    take(userId) {
      const others = taken.get(userId) ?? 0;
      if (others >= most) throw new YardError("too_many", `${others} WebSockets are open already: close some first.`);
      taken.set(userId, others + 1);
      return {
        [Symbol.dispose]() {
          const left = (taken.get(userId) ?? 1) - 1;
          if (left > 0) taken.set(userId, left);
          else taken.delete(userId);
        },
      };
    },
  };
}
