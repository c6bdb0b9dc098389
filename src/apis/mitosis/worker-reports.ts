/** Carries out what a worker reports: what is of the queue there, what is of its artifacts where those are. */
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ArtifactKind, Task, TeamRef } from "../../tasks/task.ts";
import type { Report, WorkerIdentity, Workers } from "../../tasks/workers.ts";
import type { Reading } from "./quirks.ts";
import { artifactTypes } from "./task-words.ts";
import type { ReportOp, WireReport } from "./worker-schemas.ts";
import { reportFromWire } from "./worker-words.ts";

/** Where to put an artifact, for an upload; null for everything else that went well. */
export type Outcome = string | null;

export interface Reporter {
  /** @throws {YardError} as `Workers.report` and the upload */
  report(worker: WorkerIdentity, report: WireReport, reading: Reading): Promise<Outcome>;
  /** In their order, those that follow each other and are the queue's in one commit; one outcome each. */
  reportAll(
    worker: WorkerIdentity,
    reports: readonly WireReport[],
    reading: Reading,
  ): Promise<readonly (Outcome | YardError)[]>;
}

export interface ReporterParts {
  readonly workers: Pick<Workers, "report" | "reportMany" | "heldTask">;
  readonly teamDirectory: TeamDirectory;
  /** @returns where to put the bytes */
  upload(task: Task, artifact: ArtifactKind, bytes: number): Promise<string>;
}

type UploadOp = Extract<ReportOp, { Upload: unknown }>;

/** A report on its way to the queue, with its place among the others. */
interface Pending {
  readonly place: number;
  readonly taskId: number;
  readonly report: Report;
}

export function createReporter({ workers, teamDirectory, upload }: ReporterParts): Reporter {
  /** Of any group: whether it is the right one, the queue decides. @throws {YardError} invalid */
  async function teamOf(name: string): Promise<TeamRef> {
    const team = await teamDirectory.byName(name);
    if (team) return team;
    throw new YardError("invalid", `There is no group ${JSON.stringify(name.slice(0, 80))}.`, { field: "group_name" });
  }

  async function uploadOf(worker: WorkerIdentity, id: number, wire: UploadOp["Upload"]): Promise<string> {
    const task = await workers.heldTask(worker, { id });
    return upload(task, artifactTypes.fromWire(wire.content_type), wire.content_length);
  }

  return {
    async report(worker, { id, op }, reading) {
      if (isUpload(op)) return uploadOf(worker, id, op.Upload);
      await workers.report(worker, id, await reportFromWire(op, reading, teamOf));
      return null;
    },

    async reportAll(worker, reports, reading) {
      const outcomes = reports.map((): Outcome | YardError => null);
      let pending: Pending[] = [];

      async function handOver(): Promise<void> {
        const due = pending;
        pending = [];
        if (due.length === 0) return;
        const faults = await workers.reportMany(worker, due);
        for (const [i, { place }] of due.entries()) outcomes[place] = faults[i] ?? null;
      }

      for (const [place, { id, op }] of reports.entries()) {
        try {
          if (isUpload(op)) {
            await handOver(); // it comes after what was reported before
            outcomes[place] = await uploadOf(worker, id, op.Upload);
          } else pending.push({ place, taskId: id, report: await reportFromWire(op, reading, teamOf) });
        } catch (error) {
          if (!isYardError(error)) throw error;
          outcomes[place] = error;
        }
      }
      await handOver();
      return outcomes;
    },
  };
}

function isUpload(op: ReportOp): op is UploadOp {
  return typeof op === "object" && "Upload" in op;
}
