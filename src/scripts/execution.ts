/** An execution as callers see it: one run of a script.
 *
 *      submit ─▶ running ─▶ completed | failed | timed_out | cancelled
 *
 *  It is `running` from the moment it is saved, also while it waits for an engine, and has exactly one end: whichever is recorded first. */
import type { ExecutionStatus as EndStatus } from "./engine/outcome.ts";

export type { EndStatus };
export type ExecutionStatus = "running" | EndStatus;

export interface Execution {
  /** UUID v4. */
  readonly id: string;
  readonly status: ExecutionStatus;
  /** Milliseconds since 1970; it may have waited for an engine then. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** In milliseconds; null if it never came to run. */
  readonly queuedMs: number | null;
  readonly runMs: number | null;
  readonly error: string | null;
  /** JSON of the final value of a completed one. Null: there was none, or all of it is in `lost`. */
  readonly result: string | null;
  /** What JSON cannot express of the final value, each as path and kind: `$.when: a function`. */
  readonly lost: readonly string[];
  readonly session: string | null;
  /** What it resumed, and what it left. */
  readonly heapIn: string | null;
  readonly heapOut: string | null;
  /** The snapshot of the mounted files that it left. */
  readonly fsOut: string | null;
}

export type ExecutionSummary = Pick<Execution, "id" | "status" | "createdAt" | "endedAt">;

/** How it ended: what is recorded, once. */
export interface ExecutionEnd {
  readonly status: EndStatus;
  readonly error: string | null;
  readonly result: string | null;
  readonly lost: readonly string[];
  readonly queuedMs: number | null;
  readonly runMs: number | null;
  readonly heapOut: string | null;
  readonly fsOut: string | null;
}

/** An end that nothing came of. */
export function endWithout(status: EndStatus, error: string): ExecutionEnd {
  return { status, error, result: null, lost: [], queuedMs: null, runMs: null, heapOut: null, fsOut: null };
}
