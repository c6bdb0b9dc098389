/** What clients and workers have seen, each by itself: what they were told, and when, by this process' clock. The yards know nothing of it. */

/** `unknown`: the connection broke before the answer. Either may be true. */
export type Outcome = "taken" | "refused" | "unknown";

export interface Submitted {
  readonly uuid: string;
  readonly number: number;
  /** Of a command that a real worker runs: what it must end with. Undefined: scripted workers choose. */
  readonly waitStatus: number | undefined;
}

/** A task that a scripted worker was given. */
export interface Delivered {
  readonly uuid: string;
  readonly worker: string;
  readonly askedAt: number;
  readonly at: number;
}

/** One try of a scripted worker to end a task: a `Commit`, or an `End`. */
export interface Ended {
  readonly uuid: string;
  readonly worker: string;
  readonly waitStatus: number;
  readonly sentAt: number;
  readonly outcome: Outcome;
}

export interface Cancelled {
  readonly uuid: string;
  readonly outcome: Outcome;
}

/** Content that a scripted worker has put where it was told to. */
export interface Stored {
  readonly uuid: string;
  readonly worker: string;
  readonly sha256: string;
}

export interface History {
  readonly submits: Submitted[];
  /** Labels of batches whose answer never came: their tasks may be there, or not. */
  readonly lostBatches: Set<string>;
  readonly deliveries: Delivered[];
  readonly ends: Ended[];
  readonly cancels: Cancelled[];
  readonly stored: Stored[];
  /** How often each thing has happened that is allowed, for the report. */
  readonly counts: Map<string, number>;
  /** Answers that nothing explains. */
  readonly faults: string[];
  count(what: string): void;
}

export function createHistory(): History {
  const counts = new Map<string, number>();
  return {
    ...{ submits: [], lostBatches: new Set(), deliveries: [], ends: [], cancels: [], stored: [], counts, faults: [] },
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
  };
}
