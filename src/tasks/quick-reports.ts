/** Reports that a statement can do. On PostgreSQL those of one moment that come singly, of whichever workers, are one statement: one trip to the database and one wait for its disk,
 *  while the next ones gather. SQLite does the like for all that is written at the same time (platform/db/dialects/sqlite-turns.ts). */
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { isWaitStatus } from "./report-rules.ts";
import {
  type CommittedRow,
  prepareCommitAll,
  prepareSetAllEnded,
  prepareSetEnded,
  type ReportedCommit,
  type ReportedEnd,
} from "./report-statements.ts";
import type { Report, WorkerIdentity } from "./workers.ts";

export interface QuickReports extends AsyncDisposable {
  /** @returns whether the worker holds the task, which has ended now */
  setEnded(end: ReportedEnd): Promise<boolean>;
  /** @returns what was done: nothing, if the worker holds no such task that has ended, or it takes more than a statement to know */
  commit(commit: ReportedCommit): Promise<readonly CommittedRow[]>;
  /** Those of one call; each task once. @returns likewise */
  commitAll(commits: readonly ReportedCommit[]): Promise<readonly CommittedRow[]>;
}

export function createQuickReports(database: Database, now: SharedTime): QuickReports {
  if (database.dialect === "postgres") return createGroupedReports(database, now);
  return {
    setEnded: prepareSetEnded(database, now),
    commit: async () => [],
    commitAll: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}

/** A report on its way, and what became of it. */
interface OnItsWay<Report, Outcome> {
  readonly report: Report;
  outcome: Outcome;
}

/** Few enough for a statement of milliseconds. */
const mostTogether = 200;

function createGroupedReports(database: Database, now: SharedTime): QuickReports {
  const setAllEnded = prepareSetAllEnded(database, now);
  const commitAll = prepareCommitAll(database, now);

  const ends = createBatchWriter<OnItsWay<ReportedEnd, boolean>>({
    maxBatch: mostTogether,
    async commit(items) {
      const given = firstOfEach(items);
      const done = await setAllEnded(given.map(({ report }) => report));
      for (const item of given) item.outcome = done.has(item.report.taskId);
    },
  });
  const commits = createBatchWriter<OnItsWay<ReportedCommit, readonly CommittedRow[]>>({
    maxBatch: mostTogether,
    async commit(items) {
      const given = firstOfEach(items);
      const rows = await commitAll(given.map(({ report }) => report));
      const byId = Map.groupBy(rows, ({ id }) => id);
      for (const item of given) item.outcome = byId.get(item.report.taskId) ?? [];
    },
  });

  return {
    commitAll,
    async setEnded(report) {
      const item = { report, outcome: false };
      await ends.write(item);
      return item.outcome;
    },
    async commit(report) {
      const item: OnItsWay<ReportedCommit, readonly CommittedRow[]> = { report, outcome: [] };
      await commits.write(item);
      return item.outcome;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([ends[Symbol.asyncDispose](), commits[Symbol.asyncDispose]()]);
    },
  };
}

/** Reports of a call that are all the ends of tasks, each of another one; undefined: there is more to them. */
export function asCommits(
  { uuid: workerUuid }: WorkerIdentity,
  reports: readonly { readonly taskId: number; readonly report: Report }[],
): readonly ReportedCommit[] | undefined {
  const commits = reports.flatMap(({ taskId, report }): readonly ReportedCommit[] => {
    if (report.kind !== "end" && report.kind !== "commit") return [];
    if (!Number.isSafeInteger(taskId) || !isWaitStatus(report.result.waitStatus)) return [];
    return [{ taskId, workerUuid, state: report.kind === "end" ? report.state : null, ...report.result }];
  });
  const isAll =
    commits.length === reports.length && new Set(commits.map(({ taskId }) => taskId)).size === commits.length;
  return isAll ? commits : undefined;
}

/** Of several reports of one task the first; the others come to nothing, and go the long way. */
function firstOfEach<Item extends { readonly report: { readonly taskId: number } }>(
  items: readonly Item[],
): readonly Item[] {
  const byTask = Map.groupBy(items, ({ report }) => report.taskId);
  return [...byTask.values()].map(([first]) => first!);
}
