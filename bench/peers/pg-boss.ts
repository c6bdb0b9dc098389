/** pg-boss, its own `work()` in one process: four workers, a job at a time each. By default such a worker sleeps between two jobs; here it is set to go on at once
 *  while there are jobs, and to learn that as fast as it can. */
import { createRequire } from "node:module";
import { peerModules } from "../harness/paths.ts";
import { countdown, serveQueue } from "../harness/queue-program.ts";

/** As far as it is used here: its types are installed with the benchmarks only. */
interface Boss {
  on(event: "error", listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  createQueue(name: string): Promise<unknown>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  work(name: string, options: object, task: () => Promise<void>): Promise<string>;
  offWork(name: string, options?: object): Promise<void>;
}

const { PgBoss }: { PgBoss: new (options: object) => Boss } = createRequire(`${peerModules}/`)("pg-boss");
const workers = 4;
const addedAtOnce = 1_000;
const name = "bench";
const everySecond = { monitorIntervalSeconds: 1, superviseIntervalSeconds: 1, queueCacheIntervalSeconds: 1 };

let boss: Boss;

serveQueue({
  async open({ url }) {
    boss = new PgBoss({ connectionString: url, ...everySecond });
    boss.on("error", (error) => console.error(error));
    await boss.start();
    await boss.createQueue(name);
  },

  async fill(count) {
    for (let from = 0; from < count; from += addedAtOnce) {
      const length = Math.min(addedAtOnce, count - from);
      await boss.insert(
        name,
        Array.from({ length }, (_, i) => ({ data: { number: from + i } })),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // until it has counted them, and knows that there are many
  },

  async drain(count) {
    const { done, one } = countdown(count);
    const options = { localConcurrency: workers, batchSize: 1, pollingIntervalSeconds: 0.5, burstWhenReadyExceeds: 1 };
    await boss.work(name, options, async () => one());
    await done;
    await boss.offWork(name, { wait: true });
  },
});
