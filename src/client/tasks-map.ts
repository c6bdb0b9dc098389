/** One task for each line of a list. Which line a task is of, and of which map, it carries as labels, and each is submitted with a key of its own:
 *  whoever goes on with a map that was broken off, by whatever, finds what is there, and submits no line twice.
 *
 *  The labels tell of all that the yard has taken. What was still under way when the first call was killed, and comes after the second has looked,
 *  is told by the key. */
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import type { YardClient } from "./http.ts";
import { createPersist, type Persist, type PersistParts } from "./persist.ts";
import { type NewTask, submitTask } from "./tasks.ts";
import { createMapView, lineLabel, mapLabel } from "./tasks-map-view.ts";

export interface TaskMap {
  /** The same whenever the map is gone on with; letters and digits. */
  readonly id: string;
  readonly lines: readonly string[];
  /** What each line's task is but for the labels of the map: a pure function. */
  readonly taskOf: (line: string) => NewTask;
  readonly group: string;
  /** So many tasks of the map wait or run at the same time. */
  readonly jobs: number;
}

export interface MapProgress {
  /** Lines whose task is over, or that were refused. */
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export interface MapParts extends PersistParts {
  readonly onProgress: (progress: MapProgress) => void;
  /** Told once how many lines an earlier call has submitted. */
  readonly onBegin: (submittedBefore: number) => void;
}

export interface FailedLine {
  /** From 1. */
  readonly number: number;
  readonly line: string;
  /** None: the yard has refused the line. */
  readonly uuid?: string;
  /** Of a command that ended by itself. */
  readonly exitCode?: number;
  /** Why it was refused, or ended. */
  readonly reason?: string;
}

export interface MapOutcome {
  readonly total: number;
  readonly failures: readonly FailedLine[];
}

/** Handed over between two looks at the most. */
const batchSize = 500;
/** Between two looks. */
const rests = { leastMs: 100, mostMs: 2_000, growth: 1.5 };

/** Resolves once every line has its task, and all of these are over. Where it is aborted, those that are submitted go on.
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function mapLines(map: TaskMap, client: YardClient, parts: MapParts): Promise<MapOutcome> {
  const { lines, jobs } = map;
  const { signal } = parts;
  const persist = createPersist(client, parts);
  const view = createMapView(map, persist, signal);
  const before = await view.submittedLines();
  parts.onBegin(before.size);
  const waiting = [...lines.keys()].map((index) => index + 1).filter((number) => !before.has(number));
  const refused: FailedLine[] = [];
  let next = 0;
  for (let restMs = rests.leastMs; ; restMs = Math.min(restMs * rests.growth, rests.mostMs)) {
    const { open, failed, tookMs } = await view.look();
    const done = before.size + next - open; // a refused line is done, too
    parts.onProgress({ done, failed: failed + refused.length, total: lines.length });
    if (next === waiting.length && open === 0) break;
    const room = Math.max(0, jobs - open);
    const batch = waiting.slice(next, next + Math.min(room, batchSize));
    refused.push(...(await submitLines(map, batch, persist, signal)));
    next += batch.length;
    if (batch.length > 0) restMs = rests.leastMs;
    // Looks take a tenth of the time at most, so that counting a large map does not hold up its tasks.
    if (batch.length < batchSize) await sleep(Math.max(restMs, 10 * tookMs), undefined, { signal });
  }
  const failures = [...refused, ...(await view.failures())].toSorted((a, b) => a.number - b.number);
  parts.onProgress({ done: lines.length, failed: failures.length, total: lines.length });
  return { total: lines.length, failures };
}

/** Submits that are under way at the same time: the yard saves together what arrives together. */
const abreast = 32;
/** Until a queue that is full has room again. */
const fullMs = 1_000;

/** @returns those that the yard refuses */
async function submitLines(
  map: TaskMap,
  numbers: readonly number[],
  persist: Persist,
  signal: AbortSignal,
): Promise<FailedLine[]> {
  const left = [...numbers];
  const refused: FailedLine[] = [];

  async function submitEach(): Promise<void> {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      const line = map.lines[number - 1]!;
      const { labels, ...rest } = map.taskOf(line);
      const task = { ...rest, labels: [...labels, mapLabel(map.id), `${lineLabel}${number}`] };
      const reason = await submitLine(task, `map-${map.id}-${number}`, persist, signal);
      if (reason !== undefined) refused.push({ number, line, reason });
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(abreast, left.length) }, submitEach));
    return refused;
  } finally {
    left.length = 0; // where one fails for good, the others stop
  }
}

/** @returns why the yard refuses this task, which others may be better than */
async function submitLine(
  task: NewTask,
  key: string,
  persist: Persist,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    try {
      await persist((client) => submitTask(client, task, { key, signal }));
      return undefined;
    } catch (error) {
      if (isYardError(error, "invalid")) return error.message;
      if (!isYardError(error, "too_many")) throw error;
      await sleep(fullMs, undefined, { signal });
    }
  }
}
