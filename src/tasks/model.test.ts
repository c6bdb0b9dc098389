/** Random histories of a few tasks and workers, step by step against a model of what must come out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import type { Task, TaskState } from "./task.ts";
import { ada, crew, newTask, openTestRoom, type TestRoom } from "./testing.ts";
import type { Report, WorkerIdentity } from "./workers.ts";

interface ModelTask {
  readonly id: number;
  readonly uuid: string;
  readonly priority: number;
  state: TaskState;
  isOver: boolean;
  attempts: number;
  /** The index of the worker that holds it. */
  holder: number | null;
}

type Step =
  | { readonly kind: "submit"; readonly priority: number }
  | { readonly kind: "claim"; readonly worker: number; readonly limit: number }
  | {
      readonly kind: "report";
      readonly worker: number;
      readonly task: number;
      readonly what: "ended" | "commit" | "end";
    }
  | { readonly kind: "cancel" | "change"; readonly task: number }
  | { readonly kind: "lose"; readonly worker: number };

const index = fc.nat({ max: 5 });
const worker = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("submit" as const), priority: fc.integer({ min: -1, max: 1 }) }),
  fc.record({ kind: fc.constant("claim" as const), worker, limit: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant("report" as const),
    ...{ worker, task: index, what: fc.constantFrom("ended" as const, "commit" as const, "end" as const) },
  }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "change" as const), task: index }),
  fc.record({ kind: fc.constant("lose" as const), worker }),
);

const result = { waitStatus: 0, reason: null };
const reports: Readonly<Record<"ended" | "commit" | "end", Report>> = {
  ended: { kind: "ended", state: "finished" },
  commit: { kind: "commit", result },
  end: { kind: "end", state: "cancelled", result },
};

/** What a report comes to, by the model. */
function reported(task: ModelTask | undefined, by: number, what: "ended" | "commit" | "end"): string | undefined {
  if (task === undefined || task.isOver || task.holder !== by) return "not_found";
  if (what === "commit" && task.state === "running") return "precondition";
  if (what !== "commit") task.state = what === "ended" ? "finished" : "cancelled";
  if (what !== "ended") [task.isOver, task.holder] = [true, null];
  return undefined;
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isYardError(error)) return error.code;
    throw error;
  }
}

/** Does one step on both, and compares what they answer. */
async function take(room: TestRoom, step: Step, tasks: ModelTask[], crowd: WorkerIdentity[]): Promise<void> {
  switch (step.kind) {
    case "submit": {
      const { uuid } = await room.tasks.submit(ada, newTask({ priority: step.priority }));
      const { id } = await room.tasks.get(ada, uuid);
      tasks.push({ id, uuid, priority: step.priority, state: "ready", isOver: false, attempts: 0, holder: null });
      return;
    }
    case "claim": {
      const waiting = tasks.filter(({ state }) => state === "ready");
      const due = waiting.sort((a, b) => b.priority - a.priority || a.id - b.id).slice(0, step.limit);
      for (const task of due)
        Object.assign(task, { state: "running", holder: step.worker, attempts: task.attempts + 1 });
      const claimed = await room.workers.claim(crowd[step.worker]!, { limit: step.limit, waitMs: 0 });
      const answer = (list: readonly { uuid: string; attempts: number }[]) =>
        list.map((one) => [one.uuid, one.attempts]);
      assert.deepEqual(answer(claimed), answer(due));
      return;
    }
    case "report": {
      const task = tasks[step.task];
      const sent = room.workers.report(crowd[step.worker]!, task?.id ?? 1_000_000, reports[step.what]);
      assert.equal(await codeOf(sent), reported(task, step.worker, step.what));
      return;
    }
    case "cancel": {
      const task = tasks[step.task];
      if (task === undefined) return;
      const expected = task.isOver ? "not_found" : undefined;
      if (!task.isOver) Object.assign(task, { state: "cancelled", isOver: true, holder: null });
      assert.equal(await codeOf(room.tasks.cancel(ada, task.uuid)), expected);
      return;
    }
    case "change": {
      const task = tasks[step.task];
      if (task === undefined) return;
      const expected = task.state === "ready" ? undefined : "not_found";
      assert.equal(await codeOf(room.tasks.change(ada, task.uuid, { timeoutSeconds: 5 })), expected);
      return;
    }
    case "lose": {
      await room.workers.unregister(crowd[step.worker]!);
      for (const task of tasks) if (task.holder === step.worker) Object.assign(task, { state: "ready", holder: null });
      crowd[step.worker] = await room.worker();
    }
  }
}

eachDialect("the life of tasks", (open) => {
  test("any order of submits, claims, reports, cancellations and losses leaves what the rules say", {
    timeout: 60_000,
  }, async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        await room.clearTeam(crew.id);
        const tasks: ModelTask[] = [];
        const crowd = await Promise.all([room.worker(), room.worker(), room.worker()]);
        for (const each of steps) await take(room, each, tasks, crowd);
        const stored = await room.tasks.find(ada, { team: crew });
        const seen = (task: Task) => [
          task.uuid,
          task.state,
          task.result !== null,
          task.attempts,
          crowd.findIndex(({ uuid }) => uuid === task.workerUuid),
        ];
        const expected = tasks.map((task) => [task.uuid, task.state, task.isOver, task.attempts, task.holder ?? -1]);
        const byUuid = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
        assert.deepEqual(stored.map(seen).sort(byUuid), expected.sort(byUuid));
      }),
      { numRuns: 25 },
    );
  });
});
