/** An execution, and how well it has gone. */
import type { Reply } from "../../api/operations.ts";
import type { Tone } from "../../components/status.tsx";

export type { ExecutionRow } from "./execution-row.ts";

export type Execution = Reply<"GET /api/executions/{id}">;
export type ExecutionStatus = Execution["status"];

export const statuses: readonly ExecutionStatus[] = ["running", "completed", "failed", "timed_out", "cancelled"];

export const toneOf: Readonly<Record<ExecutionStatus, Tone>> = {
  running: "good",
  completed: "calm",
  failed: "bad",
  timed_out: "warn",
  cancelled: "warn",
};

export const statusText = (status: ExecutionStatus): string => status.replace("_", " ");

/** Long enough to tell ids apart, short enough to be read. */
export const shortId = (id: string): string => id.slice(0, 10);

export function durationText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
