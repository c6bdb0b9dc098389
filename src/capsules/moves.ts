/** Which status a capsule may go to from which. Every change of a status is a compare-and-set in the table of capsules, so of two that happen at a
 *  time one fails, whichever yard they are made by.
 *
 *      pending ──▶ running ◀──▶ paused ──▶ hibernated
 *         │           │ ▲                      │
 *         ▼           ▼ └──────────────────────┘
 *       error      missing ──▶ what it is found to be when its host is back
 *
 *  and from every one to `stopped`, which like `error` is final. `starting` is for drivers that take their time; none does. */
import type { CapsuleStatus } from "./capsule.ts";

const moves: Readonly<Record<CapsuleStatus, readonly CapsuleStatus[]>> = {
  pending: ["running", "error", "stopped"],
  starting: ["running", "missing", "stopped"],
  running: ["paused", "hibernated", "missing", "stopped"],
  paused: ["running", "hibernated", "stopped"],
  hibernated: ["running", "stopped"],
  missing: ["running", "hibernated", "stopped"],
  stopped: [],
  error: [],
};

export function mayMove(from: CapsuleStatus, to: CapsuleStatus): boolean {
  return moves[from].includes(to);
}

/** From which it may go there. */
export function leadingTo(to: CapsuleStatus): readonly CapsuleStatus[] {
  return (Object.keys(moves) as CapsuleStatus[]).filter((from) => mayMove(from, to));
}

export const finalStatuses = ["stopped", "error"] as const satisfies readonly CapsuleStatus[];

export function isFinal(status: CapsuleStatus): boolean {
  return moves[status].length === 0;
}
