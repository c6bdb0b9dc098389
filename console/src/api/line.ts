/** Whether the yard answers. What a page shows is as old as the last sign of life, and says so. */
import { createObservable } from "./observable.ts";

export interface Line {
  readonly isUp: boolean;
  /** When the yard was last heard of, in milliseconds since 1970. */
  readonly lastSeenAt: number;
}

export const line = createObservable<Line>({ isUp: true, lastSeenAt: Date.now() });

/** Signs of life come by the thousand; who watches need not know of each. */
const tellEveryMs = 1_000;

export function noteSeen(): void {
  const { isUp, lastSeenAt } = line.get();
  const now = Date.now();
  if (!isUp || now - lastSeenAt >= tellEveryMs) line.set({ isUp: true, lastSeenAt: now });
}

export function noteAway(): void {
  const { isUp, lastSeenAt } = line.get();
  if (isUp) line.set({ isUp: false, lastSeenAt });
}
