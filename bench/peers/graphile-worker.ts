/** graphile-worker, its own runner in one process. `default`: as it comes, one job at a time. `tuned`: 24 at once, a local queue of 500, completions together. */
import { createRequire } from "node:module";
import { peerModules } from "../harness/paths.ts";
import { countdown, serveQueue } from "../harness/queue-program.ts";

/** As far as it is used here: its types are installed with the benchmarks only. */
interface GraphileWorker {
  run(options: object): Promise<{ stop(): Promise<void> }>;
  runMigrations(options: object): Promise<void>;
  makeWorkerUtils(options: object): Promise<{
    addJob(task: string, payload: object): Promise<unknown>;
    addJobs(jobs: readonly { identifier: string; payload: object }[]): Promise<unknown>;
  }>;
  readonly Logger: new (factory: () => () => void) => object;
}

const graphile: GraphileWorker = createRequire(`${peerModules}/`)("graphile-worker");
const logger = new graphile.Logger(() => () => {});
const modes: Readonly<Record<string, object>> = {
  default: {},
  tuned: {
    ...{ concurrentJobs: 24, maxPoolSize: 26 },
    ...{ localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
  },
};
const addedAtOnce = 5_000;

let url = "";
let utils: Awaited<ReturnType<GraphileWorker["makeWorkerUtils"]>>;

const runner = (mode: string, task: () => void) =>
  graphile.run({
    preset: { worker: { ...modes[mode], connectionString: url, logger } },
    noHandleSignals: true,
    taskList: { nothing: async () => task() },
  });

serveQueue({
  async open(target) {
    url = target.url;
    await graphile.runMigrations({ connectionString: url, logger });
    utils = await graphile.makeWorkerUtils({ connectionString: url, logger });
  },

  async fill(count) {
    for (let from = 0; from < count; from += addedAtOnce) {
      const length = Math.min(addedAtOnce, count - from);
      await utils.addJobs(Array.from({ length }, (_, i) => ({ identifier: "nothing", payload: { number: from + i } })));
    }
  },

  async drain(count, mode) {
    const { done, one } = countdown(count);
    const running = await runner(mode, one);
    await done;
    await running.stop();
  },

  async wait(started) {
    const running = await runner("default", started);
    return { submit: () => utils.addJob("nothing", { number: 0 }), stop: () => running.stop() };
  },
});
