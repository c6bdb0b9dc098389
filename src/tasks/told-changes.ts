/** Tells who looks at lists of tasks that some have come, were taken or have changed. That they are over is told to all (`task.ended`). */
import { isYardError } from "../platform/errors.ts";
import type { TaskSignals } from "./signals.ts";
import type { Tasks } from "./tasks.ts";
import type { Workers } from "./workers.ts";

export interface TaskChanges {
  note(uuids: readonly string[], kind: "added" | "changed"): void;
  /** Some have, and nobody knows which. */
  noteAll(): void;
}

export function tellingTasks(tasks: Tasks, { note }: TaskChanges): Tasks {
  return {
    ...tasks,
    async submit(caller, task, options) {
      const submitted = await tasks.submit(caller, task, options);
      note([submitted.uuid], "added");
      return submitted;
    },
    async submitMany(caller, given) {
      const submitted = await tasks.submitMany(caller, given);
      note(
        submitted.flatMap((one) => (isYardError(one) ? [] : [one.uuid])),
        "added",
      );
      return submitted;
    },
    async change(caller, uuid, changes) {
      await tasks.change(caller, uuid, changes);
      note([uuid], "changed");
    },
    async setLabels(caller, uuid, labels) {
      await tasks.setLabels(caller, uuid, labels);
      note([uuid], "changed");
    },
  };
}

export function tellingWorkers(workers: Workers, { note, noteAll }: TaskChanges): Workers {
  return {
    ...workers,
    async claim(worker, options) {
      const claimed = await workers.claim(worker, options);
      note(
        claimed.map(({ uuid }) => uuid),
        "changed",
      );
      return claimed;
    },
    async report(worker, taskId, report) {
      await workers.report(worker, taskId, report);
      if (report.kind === "submit") noteAll();
    },
  };
}

/** For those by whom tasks go back into the queue: of workers that are lost or leave. */
export function tellingSignals(signals: TaskSignals, { noteAll }: TaskChanges): TaskSignals {
  return {
    ...signals,
    ready(queueIds) {
      if (queueIds.length > 0) noteAll();
      signals.ready(queueIds);
    },
  };
}
