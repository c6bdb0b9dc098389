/** Whether a claim costs the same however many tasks wait.
 *
 *  One worker claims a task at a time, and commits it, from a queue in which 1,000,000 wait. Peer: the same code and machine with 1,000. Embedded database,
 *  every commit synced; the API is not part of it. What was taken is submitted again after each measurement, so that the numbers stay. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { type BenchRoom, benchTasks, openTaskRoom } from "../harness/task-room.ts";

const sizes = { many: 1_000_000, few: 1_000 };
const claimsPerRound = 300;
const fillChunk = 10_000;

export const taskClaim: Figure = {
  name: "task-claim",
  title: "claim of a task while 1,000,000 wait, beside the same while 1,000 wait",
  async run(bench) {
    await using many = await openFilled(bench, "task-claim-many", sizes.many);
    await using few = await openFilled(bench, "task-claim-few", sizes.few);
    return await compare(bench, {
      metrics: {
        claim: { label: "claim", unit: "ms", score: "ratio", aim: { at: "most", limit: 1.5 } },
        end: { label: "its commit", unit: "ms", score: "ratio" },
      },
      ours: side("1,000,000 waiting", bench, many),
      peer: side("1,000 waiting", bench, few),
    });
  },
};

async function openFilled(bench: Bench, name: string, count: number): Promise<BenchRoom> {
  const directory = join(bench.directory, name);
  await mkdir(directory, { recursive: true });
  const room = await openTaskRoom(directory);
  for (let filled = 0; filled < count; filled += fillChunk) {
    bench.signal.throwIfAborted();
    await room.tasks.submitMany(room.caller, benchTasks(Math.min(fillChunk, count - filled)));
  }
  return room;
}

function side(name: string, bench: Bench, { tasks, workers, caller, worker }: BenchRoom): Side<"claim" | "end"> {
  return {
    name,
    pids: () => [],
    async measure() {
      const spent = { claim: 0, end: 0 };
      for (let i = 0; i < claimsPerRound; i++) {
        bench.signal.throwIfAborted();
        const started = performance.now();
        const [task] = await workers.claim(worker, { limit: 1, waitMs: 0 });
        const claimed = performance.now();
        if (task === undefined) throw new Error("there was no task to claim");
        const result = { waitStatus: 0, reason: null };
        await workers.report(worker, task.id, { kind: "end", state: "finished", result });
        spent.claim += claimed - started;
        spent.end += performance.now() - claimed;
      }
      await tasks.submitMany(caller, benchTasks(claimsPerRound));
      return { claim: spent.claim / claimsPerRound, end: spent.end / claimsPerRound };
    },
  };
}
