/** What the submit of many tasks in one call costs, beside the least that saving them can cost.
 *
 *  Ours: 10,000 tasks through `submitMany`: checked, numbered, with every index that claims and lists need. Peer: as many rows of the same content in a table without an index
 *  besides its key, by multi-row inserts of 500 in a transaction each, in the same kind of file. Every commit is synced on both sides. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { compare } from "../harness/compare.ts";
import type { Figure, Side } from "../harness/figure.ts";
import { type BenchRoom, benchTasks, openTaskRoom } from "../harness/task-room.ts";

const count = 10_000;
const rowsPerInsert = 500;

export const taskBatchSubmit: Figure = {
  name: "task-batch-submit",
  title: "submit of 10,000 tasks in one call",
  async run(bench) {
    const directory = join(bench.directory, "task-batch-submit");
    await mkdir(directory, { recursive: true });
    await using room = await openTaskRoom(directory);
    using bare = new DatabaseSync(join(directory, "bare.db"));
    return await compare(bench, {
      metrics: { rate: { label: "tasks", unit: "/s", score: "ratio", aim: { at: "least", limit: 0.4 } } },
      ours: ourSide(room),
      peer: bareSide(bare),
    });
  },
};

function ourSide({ tasks, caller }: BenchRoom): Side<"rate"> {
  return {
    name: "runyard",
    pids: () => [process.pid],
    async measure() {
      const batch = benchTasks(count);
      const started = performance.now();
      const results = await tasks.submitMany(caller, batch);
      const seconds = (performance.now() - started) / 1_000;
      if (results.some((result) => result instanceof Error)) throw new Error("a task was refused");
      return { rate: count / seconds };
    },
  };
}

function bareSide(database: DatabaseSync): Side<"rate"> {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(`CREATE TABLE bare (id INTEGER PRIMARY KEY, uuid TEXT, team TEXT, number INTEGER, creator_id TEXT, creator TEXT, state TEXT,
    queue INTEGER, priority INTEGER, timeout INTEGER, spec TEXT, labels TEXT, attempts INTEGER, created_at INTEGER, updated_at INTEGER) STRICT`);
  const columns = "(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  const insert = database.prepare(`INSERT INTO bare VALUES ${Array(rowsPerInsert).fill(columns).join(", ")}`);
  let number = 0;
  return {
    name: "bare insert",
    pids: () => [],
    async measure() {
      const batch = benchTasks(count);
      const started = performance.now();
      for (let from = 0; from < count; from += rowsPerInsert) {
        const values = batch.slice(from, from + rowsPerInsert).flatMap((task) => {
          const identity = [crypto.randomUUID(), task.team.id, ++number, "user_bench", "bench", "ready", 1];
          const content = [
            task.priority,
            task.timeoutSeconds,
            JSON.stringify(task.spec),
            "[]",
            0,
            Date.now(),
            Date.now(),
          ];
          return [...identity, ...content];
        });
        database.exec("BEGIN IMMEDIATE");
        insert.run(...values);
        database.exec("COMMIT");
      }
      return { rate: count / ((performance.now() - started) / 1_000) };
    },
  };
}
