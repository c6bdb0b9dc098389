/** threats.md F1, F9, F13, F14, F23 together: everything breaks, one part after the other, while tasks flow through two yards and eight workers. Whatever happens, each
 *  accepted task ends exactly once, and nothing of it is lost.
 *
 *  The whole run, by itself and for as long as it takes: TASK_FAULTS=20000 node test/task-faults.test.ts
 *  The course of an earlier one: TASK_FAULTS_SEED=… as it was printed. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { findPostgres } from "../src/platform/db/testing-postgres.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { skipWithoutRedis } from "../src/platform/testing/redis.ts";
import { findS3Server } from "../src/platform/testing/s3-program.ts";
import { runFaults } from "./support/task-faults/run.ts";

const skip =
  skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql") ||
  skipUnless(findS3Server() !== undefined, "an S3 server", "npm run pretest, with Go installed") ||
  skipWithoutRedis();

const tasksPerRound = 2_000;
const tasks = Number(process.env.TASK_FAULTS ?? tasksPerRound);
const seed = Number(process.env.TASK_FAULTS_SEED ?? randomInt(2 ** 32));
const rounds = Math.max(1, Math.round(tasks / tasksPerRound));

test(`${tasks} tasks while yards, workers, PostgreSQL and Redis are killed: each ends exactly once`, {
  skip,
}, async (context) => {
  const say = (line: string) => (rounds > 1 ? console.log(line) : context.diagnostic(line));
  say(`seed ${seed}`);
  const { violations, counts } = await runFaults({ tasks, seed, rounds, outageMs: rounds > 1 ? 30_000 : 0, say });
  for (const [what, count] of Object.entries(counts)) say(`${what}: ${count}`);
  assert.equal(
    violations.length,
    0,
    `seed ${seed}, ${violations.length} in all:\n${violations.slice(0, 20).join("\n")}`,
  );
});
