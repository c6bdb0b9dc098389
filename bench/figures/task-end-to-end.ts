/** How many tasks per second a worker with four slots gets done, from their submit to their commit.
 *
 *  Ours: tasks of /usr/bin/true submitted in one call to a yard with default settings (SQLite, every commit synced, leases, audit), carried out by one
 *  `runyard worker --slots 4`, counted when the last of them is over. Each is fetched, started in directories of its own, waited for, reported and
 *  committed.
 *  Peer: a small process of its own with four spawns of /bin/true under way at any time, their output read.
 *  Fair, because both have the whole machine in turn; the yard and its database are part of our time, not of the peer's. */
import { join } from "node:path";
import { openBareSpawner } from "../harness/bare-spawner.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import type { Load } from "../harness/load.ts";
import { runyardBin } from "../harness/paths.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { until } from "../harness/waiting.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const slots = 4;
const tasks = 1_500;
const load: Load = { concurrency: slots, forMs: 3_000 };

export const taskEndToEnd: Figure = {
  name: "task-end-to-end",
  title: "tasks of /usr/bin/true per second through one worker, 4 slots",
  async run(bench) {
    await using yard = await openYard(bench, { settings: ["--worker-slots", "0"] });
    await using worker = await startWorker(bench, yard);
    await using spawner = openBareSpawner(bench);
    await runTasks(bench, yard, 100); // connections, and code that is compiled
    return await compare(bench, {
      metrics: {
        rate: { label: "tasks, 4 slots", unit: "/s", score: "ratio", aim: { at: "least", limit: 0.5 } },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, worker.pid],
        async measure() {
          const started = performance.now();
          await runTasks(bench, yard, tasks);
          return { rate: tasks / ((performance.now() - started) / 1_000) };
        },
      },
      peer: {
        name: "bare spawn",
        pids: () => [spawner.pid],
        measure: async () => ({ rate: await spawner.rate(load) }),
      },
    });
  },
};

async function startWorker(bench: Bench, yard: Yard): Promise<AsyncDisposable & { readonly pid: number }> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "worker"));
  const args = ["worker", "--url", yard.url, "--slots", String(slots), "--directory", join(directory.path, "runs")];
  const worker = bench.children.start(process.execPath, [runyardBin, ...args], {
    cwd: directory.path,
    env: { PATH: process.env.PATH, HOME: directory.path, RUNYARD_TOKEN: yard.authorization.replace("Bearer ", "") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  opened.defer(() => worker.stop("SIGTERM", 10_000));
  const lifetime = opened.move();
  return { pid: worker.pid, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

async function runTasks(bench: Bench, yard: Yard, count: number): Promise<void> {
  const task = {
    ...{ group_name: "admin", tags: [], labels: [], timeout: "1m", priority: 0 },
    task_spec: { args: ["/usr/bin/true"] },
  };
  await yard.call("POST", "/tasks/submit", { tasks: Array.from({ length: count }, () => task) });
  const patience = { timeoutMs: 120_000, everyMs: 20, signal: bench.signal };
  await until("the tasks to be over", patience, async () => (await openTasks(yard)) === 0 || undefined);
}

async function openTasks(yard: Yard): Promise<number> {
  const query = { states: ["Pending", "Ready", "Running"], count: true };
  const answer = await yard.call("POST", "/tasks/query", query);
  const { count }: { count: number } = JSON.parse(answer.body.toString());
  return count;
}
