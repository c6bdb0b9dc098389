/** BullMQ, its own worker in one process, 100 jobs at once. */
import { createRequire } from "node:module";
import { peerModules } from "../harness/paths.ts";
import { countdown, serveQueue } from "../harness/queue-program.ts";

/** As far as it is used here: its types are installed with the benchmarks only. */
interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: object, options?: object): Promise<unknown>;
    addBulk(jobs: readonly { name: string; data: object; opts?: object }[]): Promise<unknown>;
  };
  readonly Worker: new (
    name: string,
    task: () => Promise<void>,
    options: object,
  ) => {
    on(event: "completed", listener: () => void): unknown;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

const { Queue, Worker }: BullMq = createRequire(`${peerModules}/`)("bullmq");
const atOnce = 100;
const addedAtOnce = 1_000;
const name = "bench";

let connection = {};
let queue: InstanceType<typeof Queue>;

const worker = (task: () => void) =>
  new Worker(name, async () => task(), {
    connection: { ...connection, maxRetriesPerRequest: null },
    concurrency: atOnce,
  });

serveQueue({
  async open({ url }) {
    const { hostname: host, port } = new URL(url);
    connection = { host, port: Number(port) };
    queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
  },

  async fill(count) {
    for (let from = 0; from < count; from += addedAtOnce) {
      const length = Math.min(addedAtOnce, count - from);
      await queue.addBulk(Array.from({ length }, (_, i) => ({ name: "nothing", data: { number: from + i } })));
    }
  },

  async drain(count) {
    const { done, one } = countdown(count);
    const running = worker(() => {});
    running.on("completed", one);
    await done;
    await running.close();
  },

  async wait(started) {
    const running = worker(started);
    await running.waitUntilReady();
    return { submit: () => queue.add("nothing", { number: 0 }), stop: () => running.close() };
  },
});
