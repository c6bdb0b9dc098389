/** The whole: two yards on one PostgreSQL, one Redis and one S3 server, eight workers, users, and accidents one after the other while tasks flow. */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { newSecret } from "../../../src/platform/crypto/secrets.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../../../src/platform/db/testing-postgres.ts";
import { startRedis, type TestRedis } from "../../../src/platform/testing/redis.ts";
import { findS3Server } from "../../../src/platform/testing/s3-program.ts";
import { startS3Server, type TestS3 } from "../../../src/platform/testing/s3-server.ts";
import { openHome } from "../home.ts";
import { adminPassword, type RunningYard, startYard } from "../yard-process.ts";
import { type Accident, drawAccidents, longOutage } from "./accidents.ts";
import { createYardCalls, type YardCalls } from "./calls.ts";
import { type Chance, createChance } from "./chance.ts";
import { checkHistory, isOrphan } from "./check.ts";
import { allEnded, readFinalState } from "./final-state.ts";
import { createHistory, type History } from "./history.ts";
import { type RealWorker, startRealWorker } from "./real-worker.ts";
import { workScripted } from "./scripted-worker.ts";
import { group, submitTasks } from "./submitter.ts";

export interface FaultRun {
  readonly tasks: number;
  readonly seed: number;
  /** Each draws every kind of accident anew. */
  readonly rounds: number;
  /** Once more PostgreSQL goes away, for so long; 0: it does not. */
  readonly outageMs: number;
  say(line: string): void;
}

export interface FaultReport {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

interface Stage {
  readonly yards: readonly RunningYard[];
  /** Where they can be reached whenever they run: workers that are programs know one address, which has to outlive its yard's restarts. */
  readonly urls: readonly string[];
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly s3: TestS3;
}

const workers = { steps: 3, batches: 2, real: 3 };
const submitters = 4;
const endTimeoutMs = 60_000;

export async function runFaults(run: FaultRun): Promise<FaultReport> {
  const began = performance.now();
  const chance = createChance(run.seed);
  const history = createHistory();
  await using opened = new AsyncDisposableStack();
  const stage = await openStage(opened);
  const calls = opened.use(createYardCalls(stage.urls, chance.fork()));
  const token = await prepareGroup(calls);

  const stopping = new AbortController();
  const real = startRealWorkers(opened, stage.urls, token);
  const kinds = [...Array(workers.steps).fill("steps"), ...Array(workers.batches).fill("batches")] as const;
  const scripted = Promise.all(
    kinds.map((kind) =>
      workScripted({ calls, token, history, chance: chance.fork(), kind, stopping: stopping.signal }),
    ),
  );
  const accidents = Array.from({ length: run.rounds }, () => drawAccidents({ ...stage, workers: real }, chance)).flat();
  if (run.outageMs > 0) accidents.push(longOutage(stage.postgres, run.outageMs));
  const flow = playOut(run, accidents, { calls, token, history, chance });
  await Promise.race([flow, scripted]); // a worker that fails ends it all
  run.say(`all accepted after ${elapsed(began)} s`);
  const tasks = await allEnded(calls, token, endTimeoutMs);
  run.say(`all ended after ${elapsed(began)} s`);
  stopping.abort();
  await scripted;
  const final = await readFinalState(calls, token, tasks);
  const byUuid = new Map(tasks.map((task) => [task.uuid, task]));
  const counts = {
    ...summary(history),
    "tasks there": tasks.length,
    "orphans of lost runs": tasks.filter((task) => isOrphan(task, byUuid)).length,
    artifacts: final.artifacts.length,
    "bytes charged": final.storageUsed,
    accidents: accidents.length,
    seconds: elapsed(began),
  };
  return { violations: checkHistory(history, final), counts };
}

function elapsed(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}

async function openStage(opened: AsyncDisposableStack): Promise<Stage> {
  const postgres = opened.use(await startPostgres(findPostgres()!));
  const redis = opened.use(await startRedis());
  const s3 = opened.use(await startS3Server(findS3Server()!));
  const bucket = await s3.createBucket();
  await postgres.administer("create database yard");
  const shared = [
    ...["--database-url", postgres.url("yard"), "--redis-url", redis.url, "--master-key", newSecret()],
    ...["--s3-endpoint", bucket.endpoint, "--s3-bucket", bucket.bucket],
    ...["--s3-access-key", bucket.accessKey, "--s3-secret-key", bucket.secretKey, "--log", "error"],
  ];
  const urls = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const starting = urls.map((url) => startYard([...shared, "--listen", url]));
  for (const yard of starting) opened.defer(async () => (await yard)[Symbol.asyncDispose]());
  return { yards: await Promise.all(starting), urls, postgres, redis, s3 };
}

/** Free now; nobody else is likely to get it soon. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

async function prepareGroup(calls: YardCalls): Promise<string> {
  const digest = [...createHash("md5").update(adminPassword).digest()];
  const login = { username: "admin", md5_password: digest, retain: true };
  const { token } = await calls.expect<{ token: string }>({ method: "POST", path: "/login", json: login });
  await calls.expect({ method: "POST", path: "/groups", token, json: { group_name: group } });
  return token;
}

function startRealWorkers(opened: AsyncDisposableStack, urls: readonly string[], token: string): RealWorker[] {
  return Array.from({ length: workers.real }, (_, i) => {
    const home = opened.use(openHome());
    return opened.use(startRealWorker(home, { url: urls[i % urls.length]!, token }));
  });
}

interface Flow {
  readonly calls: YardCalls;
  readonly token: string;
  readonly history: History;
  readonly chance: Chance;
}

/** As many portions of tasks as there are accidents: tasks flow during each of them. */
async function playOut(run: FaultRun, accidents: readonly Accident[], flow: Flow): Promise<void> {
  let left = run.tasks;
  for (const [i, accident] of accidents.entries()) {
    const began = performance.now();
    const share = Math.ceil(left / (accidents.length - i) / submitters);
    const portions = Array.from({ length: submitters }, () => {
      const portion = Math.min(left, share);
      left -= portion;
      return submitTasks({ ...flow, chance: flow.chance.fork() }, portion);
    });
    await Promise.all([accident.happen(), ...portions]);
    run.say(
      `${i + 1}/${accidents.length} ${accident.name}: ${elapsed(began)} s, ${flow.history.submits.length} accepted`,
    );
  }
}

function summary({ submits, deliveries, ends, cancels, stored, lostBatches, counts }: History): Record<string, number> {
  const delivered = Map.groupBy(deliveries, ({ uuid }) => uuid);
  const outcomes = (of: readonly { outcome: string }[], outcome: string) =>
    of.filter((one) => one.outcome === outcome).length;
  return {
    "tasks accepted": submits.length,
    "batches given up": lostBatches.size,
    "deliveries to scripted workers": deliveries.length,
    "tasks delivered more than once": [...delivered.values()].filter(({ length }) => length > 1).length,
    "ends taken": outcomes(ends, "taken"),
    "ends refused": outcomes(ends, "refused"),
    "ends without an answer": outcomes(ends, "unknown"),
    "tasks cancelled": outcomes(cancels, "taken"),
    "contents stored": stored.length,
    ...Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
