/** An execution that has not ended: collects what it prints, and lets it end once. */
import type { Clock } from "../platform/clock.ts";
import { isYardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { after } from "../platform/timers.ts";
import { type ExecutionEnd, endWithout } from "./execution.ts";
import type { ExecutionJournal, JournalRecord } from "./execution-journal.ts";
import type { Tags } from "./heap-tags.ts";
import type { UnsavedHeap } from "./heaps.ts";
import type { OutputTotals } from "./output-pages.ts";
import { cutPieces } from "./output-rows.ts";
import type { Step } from "./sessions.ts";

export interface LiveExecution {
  readonly id: string;
  readonly teamId: string;
  /** Resolves when its beginning is on the disk; rejects: it never began, and nothing is to come of it. */
  readonly begun: Promise<void>;
  /** Aborted as soon as it has its end: what still runs for it is to stop. */
  readonly signal: AbortSignal;
  /** Resolves when its end is on the disk. */
  readonly ended: Promise<void>;
  print(bytes: Uint8Array): void;
  /** Resolves when all that was printed so far can be read. */
  flush(): Promise<void>;
  /** The first end counts. @returns whether this one does; resolves when it is on the disk */
  end(end: ExecutionEnd, left?: Left): Promise<boolean>;
}

/** What is saved with an end, or not at all. */
export interface Left {
  readonly heap?: UnsavedHeap | undefined;
  /** Of the heap. */
  readonly tags?: Tags | undefined;
  readonly step?: Step | undefined;
  /** What becomes of the end if the heap cannot be saved. */
  withoutHeap?(error: unknown): ExecutionEnd;
}

export type Beginning = Pick<LiveExecution, "id" | "teamId" | "begun">;

export interface LiveParts {
  readonly journal: ExecutionJournal;
  readonly clock: Clock;
  readonly log: Log;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  /** Aborted when the yard stops. */
  readonly closing: AbortSignal;
}

/** How long a line may wait for its neighbours while the script goes on. */
const gatherMs = 100;
const gatherBytes = 64 * 1024;
/** Not all at the same moment, so that one that is refused again keeps no others from being recorded. */
const retryMs = { least: 3_000, most: 6_000 };

type EndRecord = JournalRecord & { readonly kind: "ended" };

export function createLiveExecution(who: Beginning, parts: LiveParts): LiveExecution {
  const { journal, clock, log } = parts;
  const executionId = who.id;
  const stop = new AbortController();
  const ended = Promise.withResolvers<void>();
  let printed: Uint8Array[] = [];
  let printedBytes = 0;
  let totals: OutputTotals = { bytes: 0, lines: 0, isOpen: false };
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  /** What fails is written with what is printed next, or with the end. */
  async function writePrinted(): Promise<void> {
    const taken = printed.length;
    if (taken === 0) return;
    const { pieces, totals: after } = cutPieces(Buffer.concat(printed), totals);
    try {
      await who.begun;
      await journal.write({ kind: "printed", executionId, pieces });
    } catch (error) {
      log.warn({ err: error, executionId }, "the output of a script cannot be saved yet");
      return;
    }
    printed = printed.slice(taken);
    totals = after;
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    printedBytes = 0;
    if (!isOver) writing = writing.then(writePrinted); // what is left when it is over goes with its end
    return writing;
  }

  async function recordWith(heap: UnsavedHeap, entry: EndRecord): Promise<void> {
    const write = () => heap.save((staged) => journal.write({ ...entry, heap: staged }));
    try {
      await write();
    } catch (error) {
      if (mayPass(error)) throw error;
      await write(); // it may have been another record of the same commit that was refused
    }
  }

  async function record(entry: EndRecord, { heap, withoutHeap = heapLost }: Left): Promise<void> {
    try {
      // Not what must work on a full disk: memories would take what is held back for ends.
      if (heap !== undefined) return await recordWith(heap, entry);
    } catch (error) {
      log.error({ err: error, executionId }, "the memory that a script has left cannot be saved");
      return await recordAlone({ ...entry, end: withoutHeap(error), tags: undefined, step: undefined });
    }
    await recordAlone(entry);
  }

  /** Until it is there: a script whose end is not known would seem to run for ever. */
  async function recordAlone(entry: EndRecord): Promise<void> {
    let next = entry;
    for (let tries = 1; ; tries++) {
      try {
        return await parts.essential(() => journal.write(next));
      } catch (error) {
        log.error({ err: error, executionId }, "the end of a script cannot be saved");
        if (parts.closing.aborted) return; // the next start finds it without an end, and says so
        // The first time it may have been another record of the same commit that was refused.
        if (!mayPass(error) && tries > 1) next = withoutContent(entry);
        await pause(parts.closing);
      }
    }
  }

  return {
    ...who,
    signal: stop.signal,
    ended: ended.promise,
    flush,
    print(bytes) {
      if (isOver) return;
      printed.push(bytes);
      printedBytes += bytes.length;
      if (printedBytes >= gatherBytes) void flush();
      else timer ??= setTimeout(() => void flush(), gatherMs);
    },
    async end(end, left = {}) {
      if (isOver) return false;
      isOver = true;
      const at = clock.now();
      clearTimeout(timer);
      stop.abort(isEnded);
      await writing;
      const { pieces } = cutPieces(Buffer.concat(printed), totals);
      const { tags, step } = left;
      const hasBegun = await who.begun.then(
        () => true,
        () => false,
      );
      if (hasBegun) await record({ kind: "ended", executionId, teamId: who.teamId, at, end, pieces, tags, step }, left);
      ended.resolve();
      return true;
    },
  };
}

/** Why it is aborted. Without a reason an error would be made for each, with its stack: 0.1 ms. */
const isEnded = new Error("The execution has its end.");

function heapLost(): ExecutionEnd {
  return endWithout("failed", "Its memory could not be saved; the server's log says why.");
}

/** Until the next try, or until the yard stops: then there is a last one. */
async function pause(closing: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  using _timer = after(retryMs.least + Math.random() * (retryMs.most - retryMs.least), over.resolve);
  closing.addEventListener("abort", () => over.resolve(), { once: true });
  await over.promise;
}

function mayPass(error: unknown): boolean {
  return isYardError(error) && error.code !== "internal" && error.code !== "invalid";
}

/** For an end that the database does not take as it is. */
function withoutContent(entry: EndRecord): EndRecord {
  const end = endWithout("failed", "Its end could not be recorded; the server's log says why.");
  return { ...entry, end, pieces: [], tags: undefined, step: undefined };
}
