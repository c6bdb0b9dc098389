/** What the yard knows of a map: its tasks, by their labels. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Persist } from "./persist.ts";
import { countTasks, queryTasks, type TaskFilter, type TaskSeen, type TaskState } from "./tasks.ts";
import type { FailedLine, TaskMap } from "./tasks-map.ts";

/** Of one map that wait or run at the same time: as many as one list holds. */
export const mostJobs = 10_000;

/** The label of all tasks of the map. */
export function mapLabel(id: string): string {
  return `map=${id}`;
}

/** What stands before the line's number in its label. */
export const lineLabel = "line=";

export interface MapLook {
  /** Tasks that wait or run. */
  readonly open: number;
  /** As of the last time that was counted. */
  readonly failed: number;
  /** Milliseconds that the look itself took. */
  readonly tookMs: number;
}

export interface MapView {
  /** The numbers of the lines that have their task. */
  submittedLines(): Promise<ReadonlySet<number>>;
  look(): Promise<MapLook>;
  /** Once none is open: those that ended otherwise than with 0. */
  failures(): Promise<FailedLine[]>;
}

const pageSize = 1_000;
const openStates = ["pending", "ready", "running"] as const satisfies readonly TaskState[];
const endedStates = ["finished", "cancelled"] as const satisfies readonly TaskState[];
/** Of every task whose end is recorded; a worker that has said that it is over may still be sending what it left. */
const recorded = ">=0";
const recheckMs = 200;

export function createMapView(map: TaskMap, persist: Persist, signal: AbortSignal): MapView {
  const ofMap = { group: map.group, labels: [mapLabel(map.id)] };
  const count = (filter: TaskFilter): Promise<number> =>
    persist((client) => countTasks(client, { ...ofMap, ...filter }, signal));
  const failedFilters: readonly TaskFilter[] = [
    { states: ["finished"], exitCode: "!=0" },
    { states: ["cancelled"], exitCode: recorded },
  ];

  /** They come by age: what ends meanwhile shifts others to later pages, where they are read twice, and never to earlier ones. */
  async function* ended(filter: TaskFilter): AsyncGenerator<TaskSeen, void> {
    for (let offset = 0; ; offset += pageSize) {
      const page = { offset, limit: pageSize, signal };
      const tasks = await persist((client) => queryTasks(client, { ...ofMap, ...filter }, page));
      yield* tasks;
      if (tasks.length < pageSize) return;
    }
  }

  let failed = { count: 0, dueAt: 0 };

  /** In a large map they take a while to count, and are only told: a tenth of the time may go into that. */
  async function countFailed(): Promise<number> {
    const begun = performance.now();
    if (begun < failed.dueAt) return failed.count;
    const counts = await Promise.all(failedFilters.map(count));
    const now = performance.now();
    failed = { count: counts.reduce((sum, each) => sum + each, 0), dueAt: now + 10 * (now - begun) };
    return failed.count;
  }

  return {
    async submittedLines() {
      // All that are open in one look: none of them can move away from under it. What ends after that is read once more.
      const page = { limit: mostJobs, signal };
      const open = await persist((client) => queryTasks(client, { ...ofMap, states: openStates }, page));
      const numbers = new Set(open.map(numberOf));
      for await (const task of ended({ states: endedStates })) numbers.add(numberOf(task));
      numbers.delete(Number.NaN); // somebody else's, who took the label
      return numbers;
    },

    async look() {
      const begun = performance.now();
      const open = await count({ states: openStates });
      const tookMs = performance.now() - begun;
      return { open, failed: await countFailed(), tookMs };
    },

    async failures() {
      for (;;) {
        const [all, done] = [
          await count({ states: endedStates }),
          await count({ states: endedStates, exitCode: recorded }),
        ];
        if (done >= all) break;
        await sleep(recheckMs, undefined, { signal });
      }
      const found: FailedLine[] = [];
      for (const filter of failedFilters)
        for await (const task of ended(filter)) found.push(failureOf(task, numberOf(task), map));
      return found;
    },
  };
}

function failureOf({ uuid, state, result }: TaskSeen, number: number, { lines }: TaskMap): FailedLine {
  const exitCode = state === "finished" ? result?.exitCode : undefined;
  return { number, line: lines[number - 1] ?? "", uuid, exitCode, reason: result?.reason };
}

function numberOf({ labels }: TaskSeen): number {
  return Number(labels.find((label) => label.startsWith(lineLabel))?.slice(lineLabel.length));
}
