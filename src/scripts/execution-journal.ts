/** What is recorded of executions as they go: their beginning, what they print, their end. Records that come together share one commit, so that
 *  hundreds of short scripts a second do not wait for the disk one by one; they are written in the order they came. */
import type { Transaction } from "kysely";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { ExecutionEnd } from "./execution.ts";
import { endExecution, insertExecutions, type NewExecution } from "./execution-rows.ts";
import { useHeap } from "./heap-rows.ts";
import { replaceTags, type Tags } from "./heap-tags.ts";
import { insertOutput, type OutputPiece } from "./output-rows.ts";
import { addStep, type Step } from "./sessions.ts";

export type JournalRecord =
  | { readonly kind: "began"; readonly execution: NewExecution }
  | { readonly kind: "printed"; readonly executionId: string; readonly pieces: readonly OutputPiece[] }
  | {
      readonly kind: "ended";
      readonly executionId: string;
      readonly teamId: string;
      readonly at: number;
      readonly end: ExecutionEnd;
      /** What it has printed last. */
      readonly pieces: readonly OutputPiece[];
      /** Of the heap that it leaves. */
      readonly tags: Tags | undefined;
      readonly step: Step | undefined;
    };

export interface ExecutionJournal extends AsyncDisposable {
  /** Resolves when it is on the disk. @throws {YardError} storage_full, too_many, unavailable */
  write(record: JournalRecord): Promise<void>;
}

export function createExecutionJournal(database: Database): ExecutionJournal {
  return createBatchWriter<JournalRecord>({
    commit: (records) => database.transaction((trx) => record(trx, records)),
  });
}

async function record(trx: Transaction<Schema>, records: readonly JournalRecord[]): Promise<void> {
  await insertExecutions(
    trx,
    records.flatMap((entry) => (entry.kind === "began" ? [entry.execution] : [])),
  );
  for (const entry of records) {
    if (entry.kind === "began") continue;
    const pieces = entry.pieces.map((piece) => ({ execution_id: entry.executionId, ...piece }));
    if (entry.kind === "printed") await insertOutput(trx, pieces);
    else await recordEnd(trx, entry, pieces);
  }
}

async function recordEnd(
  trx: Transaction<Schema>,
  { executionId, teamId, at, end, tags, step }: JournalRecord & { kind: "ended" },
  pieces: Parameters<typeof insertOutput>[1],
): Promise<void> {
  // One that others have ended in our place keeps that end, and leaves nothing of what came after.
  if (!(await endExecution(trx, { id: executionId, at, end }))) return;
  await insertOutput(trx, pieces);
  if (end.heapOut !== null) {
    const isThere = (await useHeap(trx, { teamId, id: end.heapOut }, at)) !== undefined; // or its team was removed
    if (isThere && tags !== undefined) await replaceTags(trx, { teamId, heapId: end.heapOut, tags });
  }
  if (step !== undefined) await addStep(trx, { ...step, teamId, executionId, at });
}
