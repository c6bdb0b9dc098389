/** What happens to the parts while tasks flow. Each accident is over when it resolves: the part is there again, or on its way back. */
import { setTimeout as sleep } from "node:timers/promises";
import type { TestPostgres } from "../../../src/platform/db/testing-postgres.ts";
import type { TestRedis } from "../../../src/platform/testing/redis.ts";
import type { TestS3 } from "../../../src/platform/testing/s3-server.ts";
import type { RunningYard } from "../yard-process.ts";
import type { Chance } from "./chance.ts";
import type { RealWorker } from "./real-worker.ts";

export interface Accident {
  readonly name: string;
  happen(): Promise<void>;
}

export interface Breakable {
  readonly yards: readonly RunningYard[];
  readonly workers: readonly RealWorker[];
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly s3: TestS3;
}

/** Every kind once or twice, in any order. */
export function drawAccidents({ yards, workers, postgres, redis, s3 }: Breakable, chance: Chance): readonly Accident[] {
  const away = (least: number, most: number) => sleep(chance.between(least, most));
  const yardKilled: Accident = {
    name: "kill -9 of a yard",
    async happen() {
      const yard = chance.oneOf(yards);
      await yard.kill();
      await away(0, 500);
      await yard.start();
    },
  };
  const yardFrozen: Accident = {
    name: "SIGSTOP of a yard",
    async happen() {
      const { pid } = chance.oneOf(yards);
      process.kill(pid, "SIGSTOP");
      await away(500, 2_500);
      process.kill(pid, "SIGCONT");
    },
  };
  const workerKilled: Accident = {
    name: "kill -9 of a worker",
    happen: () => chance.oneOf(workers).replace(),
  };
  const workerFrozen: Accident = {
    name: "SIGSTOP of a worker beyond its lease",
    happen: () => chance.oneOf(workers).freeze(),
  };
  const redisKilled: Accident = {
    name: "kill -9 of Redis",
    async happen() {
      await redis.kill();
      await away(100, 2_000);
      await redis.start();
    },
  };
  const redisFrozen: Accident = {
    name: "SIGSTOP of Redis",
    async happen() {
      using _frozen = redis.freeze();
      await away(300, 2_000);
    },
  };
  const storeFrozen: Accident = {
    name: "SIGSTOP of the S3 server",
    async happen() {
      process.kill(s3.pid, "SIGSTOP");
      await away(300, 1_500);
      process.kill(s3.pid, "SIGCONT");
    },
  };
  return chance.shuffled([
    ...[yardKilled, yardKilled, yardFrozen, workerKilled, workerKilled, workerFrozen],
    ...[redisKilled, redisFrozen, storeFrozen],
    ...[restart(postgres, "INT", () => away(0, 1_000)), restart(postgres, "QUIT", () => away(0, 1_000))],
  ]);
}

/** By `INT` it tells its clients, by `QUIT` it just goes, as in a crash. */
function restart(postgres: TestPostgres, signal: "INT" | "QUIT", away: () => Promise<void>): Accident {
  return {
    name: signal === "INT" ? "restart of PostgreSQL" : "crash of PostgreSQL",
    async happen() {
      await postgres.halt(signal);
      await away();
      await postgres.start();
    },
  };
}

export function longOutage(postgres: TestPostgres, awayMs: number): Accident {
  return { ...restart(postgres, "QUIT", () => sleep(awayMs)), name: `PostgreSQL away for ${awayMs / 1_000} s` };
}
