/** What reports do to the tasks that a worker holds, as a plain computation: what they ask for, in their order, against what is there.
 *
 *      running ──ended──▶ finished | cancelled ──commit──▶ over
 *                                 └ submit: another task waits for the commit
 *
 *  `ended` may be repeated. What is not, or not any more, the worker's is refused, and a second commit comes to that. */
import { YardError } from "../platform/errors.ts";
import type { TaskEnd } from "./archive.ts";
import type { NewTask, TaskState } from "./task.ts";
import type { Report } from "./workers.ts";

export interface HeldTask {
  readonly id: number;
  readonly uuid: string;
  readonly teamId: string;
  readonly creator: { readonly userId: string; readonly username: string };
  readonly state: TaskState;
  readonly downstreamUuid: string | null;
}

/** One result for each report, and what is to be written. */
export interface ReportPlan {
  readonly results: readonly (YardError | undefined)[];
  /** States of those that are not over yet. */
  readonly states: ReadonlyMap<number, "finished" | "cancelled">;
  readonly submits: readonly { readonly index: number; readonly upstream: HeldTask; readonly task: NewTask }[];
  readonly ends: readonly TaskEnd[];
}

export function planReports(
  reports: readonly { readonly taskId: number; readonly report: Report }[],
  held: ReadonlyMap<number, HeldTask>,
  workerUuid: string,
): ReportPlan {
  const states = new Map<number, "finished" | "cancelled">();
  const ends = new Map<number, TaskEnd>();
  const submits: { index: number; upstream: HeldTask; task: NewTask }[] = [];

  function apply(taskId: number, report: Report, index: number): YardError | undefined {
    const task = held.get(taskId);
    if (task === undefined || ends.has(taskId)) return notHeld(taskId);
    if (report.kind === "ended" || report.kind === "end") states.set(taskId, report.state);
    if (report.kind === "ended") return undefined;
    const state = states.get(taskId) ?? task.state;
    if (state !== "finished" && state !== "cancelled") return notEnded(taskId);
    if (report.kind === "submit") {
      submits.push({ index, upstream: task, task: report.task });
      return undefined;
    }
    const { waitStatus, reason } = report.result;
    if (!isWaitStatus(waitStatus)) return noWaitStatus();
    states.delete(taskId);
    ends.set(taskId, { id: taskId, state, waitStatus, reason, reporterUuid: workerUuid });
    return undefined;
  }

  const results = reports.map(({ taskId, report }, index) => apply(taskId, report, index));
  return { results, states, submits, ends: [...ends.values()] };
}

/** 32 bits, as the systems have it. */
export function isWaitStatus(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 31 - 1;
}

function notHeld(taskId: number): YardError {
  return new YardError("not_found", `The task ${taskId} is not, or not any more, this worker's.`, { field: "task" });
}

function notEnded(taskId: number): YardError {
  return new YardError("precondition", `The task ${taskId} has not ended. Report its end first.`, { field: "task" });
}

function noWaitStatus(): YardError {
  return new YardError("invalid", "The wait status is a whole number of 32 bits.", { field: "result" });
}
