/** What this room tells all yards, so that nobody who waits has to ask again and again. A signal that is lost costs time only: whoever waits
 *  looks for itself now and then. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";

export interface TaskSignals {
  /** @param queueIds one for each task that waits for a worker now */
  ready(queueIds: readonly number[]): void;
  ended(taskUuids: readonly string[]): void;
  workersChanged(workerUuids: readonly string[]): void;
}

export function createTaskSignals(bus: Bus<Topics>): TaskSignals {
  return {
    ready(queueIds) {
      if (queueIds.length === 0) return;
      const counts = Map.groupBy(queueIds, (queueId) => queueId);
      void bus.publish("task.ready", {
        queues: [...counts].map(([queueId, { length: count }]) => ({ queueId, count })),
      });
    },
    ended(taskUuids) {
      if (taskUuids.length > 0) void bus.publish("task.ended", { taskUuids: [...taskUuids] });
    },
    workersChanged(workerUuids) {
      for (const workerUuid of new Set(workerUuids)) void bus.publish("worker.changed", { workerUuid });
    },
  };
}
