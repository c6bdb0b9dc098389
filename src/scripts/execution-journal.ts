/** What is recorded of executions as they go: their beginning, what they print, their end with the memory that they leave. Records that come together
 *  share one commit, so that hundreds of short scripts a second do not wait for the disk one by one; they are written in the order they came. */
import type { Transaction } from "kysely";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { StagedHeap } from "./engine/pack-store.ts";
import type { ExecutionEnd } from "./execution.ts";
import { endExecution, insertExecutions, type NewExecution } from "./execution-rows.ts";
import { addStagedHeaps, sourcesGone } from "./heap-packs.ts";
import { exclusive, useHeap } from "./heap-rows.ts";
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
      /** The heap that it leaves, if the team does not have it yet. */
      readonly heap?: StagedHeap;
      /** Of that heap. */
      readonly tags: Tags | undefined;
      readonly step: Step | undefined;
    };

export interface ExecutionJournal extends AsyncDisposable {
  /** Resolves when it is on the disk. @throws {YardError} storage_full, too_many, unavailable; conflict: its heap is read from something that was
   *  collected meanwhile, and nothing of the record was written */
  write(record: JournalRecord): Promise<void>;
}

type Ended = JournalRecord & { readonly kind: "ended" };

/** In one commit. Memories among them are fewer: only so many executions end at one time (start-queue.ts). */
const mostTogether = 250;

export function createExecutionJournal(database: Database): ExecutionJournal {
  const refused = new WeakSet<StagedHeap>();
  const writer = createBatchWriter<JournalRecord>({
    maxBatch: mostTogether,
    async commit(records) {
      const heaps = records.flatMap((entry) => (entry.kind === "ended" && entry.heap ? [entry.heap] : []));
      const added = await database.transaction(
        async (trx) => {
          const there = await addStagedHeaps(trx, heaps);
          await record(
            trx,
            records.filter((entry) => entry.kind !== "ended" || !entry.heap || there.has(entry.heap)),
          );
          return there;
        },
        heaps.length > 0 ? exclusive : undefined,
      );
      for (const heap of heaps) if (!added.has(heap)) refused.add(heap);
    },
  });
  return {
    async write(entry) {
      await writer.write(entry);
      if (entry.kind === "ended" && entry.heap && refused.has(entry.heap)) throw sourcesGone(entry.heap);
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
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
  { executionId, teamId, at, end, tags, step }: Ended,
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
