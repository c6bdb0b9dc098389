/** Reports what becomes of tasks. To a coordinator that takes many reports in one call, those that come while one is under way go together. */
import { isYardError, type YardError } from "../platform/errors.ts";
import type { Report, ReportOutcome, WorkerCalls } from "./coordinator.ts";
import type { ReportOp, TaskResult } from "./wire.ts";

export interface Reporter {
  /** Resolves when it is saved, however long the coordinator is away.
   *  @throws {YardError} unauthenticated: the worker is removed; not_found: the task is another's, or over; what else it is refused for */
  report(id: number, op: ReportOp): Promise<ReportOutcome>;
  /** The command has ended (`Finished`) or was kept from its end, and there is nothing else to tell. */
  end(id: number, state: "Finished" | "Cancelled", result: TaskResult): Promise<void>;
}

export interface ReporterParts {
  readonly calls: Pick<WorkerCalls, "report" | "reportMany">;
  /** It knows `reports` and `End`. */
  readonly isOurs: boolean;
  /** Aborted when nothing is to be reported any more. */
  readonly signal: AbortSignal;
}

interface Pending {
  readonly report: Report;
  readonly settle: (outcome: ReportOutcome | YardError) => void;
  readonly fail: (error: unknown) => void;
}

const mostAtOnce = 200;

export function createReporter({ calls, isOurs, signal }: ReporterParts): Reporter {
  let pending: Pending[] = [];
  let isSending = false;

  async function sendAll(): Promise<void> {
    isSending = true;
    while (pending.length > 0) {
      const batch = pending.slice(0, mostAtOnce);
      pending = pending.slice(mostAtOnce);
      try {
        const outcomes = await calls.reportMany(
          batch.map(({ report }) => report),
          signal,
        );
        for (const [i, { settle }] of batch.entries()) settle(outcomes[i] ?? null);
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    isSending = false;
  }

  async function gather(report: Report): Promise<ReportOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<ReportOutcome | YardError>();
    pending.push({ report, settle: resolve, fail: reject });
    if (!isSending) void sendAll();
    const outcome = await promise;
    if (isYardError(outcome)) throw outcome;
    return outcome;
  }

  const report = (id: number, op: ReportOp): Promise<ReportOutcome> =>
    isOurs && isSmall(op) ? gather({ id, op }) : calls.report({ id, op }, signal);

  return {
    report,
    async end(id, state, result) {
      if (isOurs) return void (await report(id, { End: { state, ...result } }));
      await report(id, state === "Finished" ? "Finish" : "Cancel");
      await report(id, { Commit: result });
    },
  };
}

/** What carries a whole task, or has to be answered with a place, goes by itself. */
function isSmall(op: ReportOp): boolean {
  return typeof op === "string" || "Commit" in op || "End" in op;
}
