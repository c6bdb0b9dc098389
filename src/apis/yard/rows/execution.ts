/** An execution as a row. */
import { type Static, Type } from "typebox";
import type { Execution } from "../../../scripts/execution.ts";
import { beginningOf, Moment, OptionalInteger, OptionalMoment, OptionalText } from "./texts.ts";

export const executionStatuses = ["running", "completed", "failed", "timed_out", "cancelled"] as const;

export const ExecutionRow = Type.Object({
  id: Type.String({ description: "A uuid" }),
  status: Type.Enum([...executionStatuses]),
  session: OptionalText,
  heapIn: OptionalText,
  heapOut: OptionalText,
  fsOut: OptionalText,
  error: OptionalText,
  createdAt: Moment,
  endedAt: OptionalMoment,
  queuedMs: OptionalInteger,
  runMs: OptionalInteger,
});
export type ExecutionRow = Static<typeof ExecutionRow>;

export function executionRow(execution: Execution): ExecutionRow {
  const { id, status, session, heapIn, heapOut, fsOut, error, createdAt, endedAt, queuedMs, runMs } = execution;
  const shownError = error === null ? null : beginningOf(error, 300);
  return { id, status, session, heapIn, heapOut, fsOut, error: shownError, createdAt, endedAt, queuedMs, runMs };
}

export function textsOfExecution({ id, status, session, heapIn, heapOut, error }: Execution) {
  return [id, status, session, heapIn, heapOut, error];
}
