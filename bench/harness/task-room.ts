/** The queue by itself, on a database of its own, with one team and one user: what a figure measures is not its API. */
import { join } from "node:path";
import { createBus } from "../../src/platform/bus/bus.ts";
import type { Topics } from "../../src/platform/bus/topics.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { type Database, openDatabase } from "../../src/platform/db/database.ts";
import { createLog } from "../../src/platform/log.ts";
import { openTasks, type TaskRoom, usualTaskSettings } from "../../src/tasks/room.ts";
import type { NewTask, TaskCaller } from "../../src/tasks/task.ts";
import type { WorkerIdentity } from "../../src/tasks/workers.ts";

const team = { id: "team_bench", name: "bench" };

export interface BenchRoom extends TaskRoom {
  readonly database: Database;
  readonly caller: TaskCaller;
  /** A worker that may take all of the team's tasks. */
  readonly worker: WorkerIdentity;
}

export async function openTaskRoom(directory: string): Promise<BenchRoom> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openDatabase({ dialect: "sqlite", path: join(directory, "tasks.db") }));
  const log = createLog({ level: "error" });
  const bus = createBus<Topics>({ onError: (error) => log.error({ err: error }, "a listener failed") });
  const room = opened.use(await openTasks({ database, bus, clock: systemClock, log, settings: usualTaskSettings }));
  const caller: TaskCaller = { userId: "user_bench", username: "bench", teams: new Map([[team.id, "owner"]]) };
  const { worker } = await room.workers.register(caller, {
    ...{ tags: [], labels: [], teams: new Map([[team.id, "member"]]) },
    ...{ lifetimeMs: 86_400_000, leaseMs: 86_400_000 },
  });
  const lifetime = opened.move();
  return { ...room, database, caller, worker, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

export function benchTasks(count: number): readonly NewTask[] {
  const spec = { argv: ["true"], env: {}, resources: [], keepsOutput: false, watch: null };
  return Array.from({ length: count }, () => ({
    ...{ team, tags: [], labels: [], timeoutSeconds: 600, priority: 0, spec },
  }));
}
