/** Workers of a yard whose tasks are nothing, in one process, over HTTP. `batches`: one worker with the batch interface, by the code of `runyard worker`: many tasks
 *  to a fetch, many to a report, both under way at the same time. `singly`: four workers with the protocol of other coordinators' workers: fetch, report
 *  the end, commit, one task at a time. */

import { createCoordinator, type WorkerCalls } from "../../src/worker/coordinator.ts";
import { createCoordinatorHttp } from "../../src/worker/http.ts";
import { createHttpClient, type HttpClient } from "../harness/http-client.ts";
import { countdown, serveQueue } from "../harness/queue-program.ts";

interface FetchedTask {
  readonly id: number;
}

const batch = 500;
/** While some lanes wait for the database, which has more than one process, others have their replies read and their requests made. */
const lanes = 4;
const singleWorkers = 4;
const submittedAtOnce = 5_000;
const waitSeconds = 10;
const never = new AbortController().signal;
const done = { exit_status: 0, msg: null };
const task = {
  ...{ group_name: "admin", tags: ["bench"], labels: [], timeout: "10m", priority: 0 },
  task_spec: { args: ["true"] },
};

let client: HttpClient;
let authorization = "";
let url = "";

async function call<Body>(method: "GET" | "POST", path: string, body?: unknown, as = authorization): Promise<Body> {
  const headers = method === "GET" ? { prefer: `wait=${waitSeconds}` } : undefined;
  const answer = await client.call({ method, path, body, headers, authorization: as });
  return JSON.parse(answer.body.toString() || "null");
}

/** @returns its token */
async function register(): Promise<string> {
  const worker = { tags: ["bench"], labels: [], groups: [], lifetime: null };
  return (await call<{ token: string }>("POST", "/workers", worker)).token;
}

async function drainBatches(count: number): Promise<void> {
  const calls = createCoordinator({
    http: createCoordinatorHttp({ locate: async () => ({ url }) }),
    log: { info: () => {}, warn: () => {} },
  }).asWorker(await register());
  const left = countdown(count);
  const lane = async (workerCalls: WorkerCalls) => {
    for (;;) {
      const tasks = await workerCalls.fetchMany({ limit: batch, waitMs: 0, signal: never });
      if (tasks.length === 0) return;
      const reports = tasks.map(({ id }) => ({ id, op: { End: { state: "Finished" as const, ...done } } }));
      const outcomes = await workerCalls.reportMany(reports, never);
      for (const outcome of outcomes) if (outcome === null) left.one();
    }
  };
  await Promise.all(Array.from({ length: lanes }, () => lane(calls)));
  await left.done;
}

async function drainSingly(count: number): Promise<void> {
  const tokens = await Promise.all(Array.from({ length: singleWorkers }, register));
  let begun = 0;
  const work = async (token: string) => {
    while (begun++ < count) {
      const fetched = await call<FetchedTask>("GET", "/workers/tasks", undefined, `Bearer ${token}`);
      await call("POST", "/workers/tasks", { id: fetched.id, op: "Finish" }, `Bearer ${token}`);
      await call("POST", "/workers/tasks", { id: fetched.id, op: { Commit: done } }, `Bearer ${token}`);
    }
  };
  await Promise.all(tokens.map(work));
}

serveQueue({
  async open(target) {
    url = target.url;
    authorization = target.token!;
    client = createHttpClient(url, 16, never);
  },

  async fill(count) {
    for (let from = 0; from < count; from += submittedAtOnce) {
      const tasks = Array(Math.min(submittedAtOnce, count - from)).fill(task);
      await call("POST", "/tasks/submit", { tasks });
    }
  },

  drain: (count, mode) => (mode === "batches" ? drainBatches(count) : drainSingly(count)),

  async wait(started) {
    const token = await register();
    let isStopping = false;
    const work = async () => {
      while (!isStopping) {
        const fetched = await call<FetchedTask | null>("GET", "/workers/tasks", undefined, `Bearer ${token}`);
        if (fetched === null) continue;
        started();
        await call("POST", "/workers/tasks", { id: fetched.id, op: "Finish" }, `Bearer ${token}`);
        await call("POST", "/workers/tasks", { id: fetched.id, op: { Commit: done } }, `Bearer ${token}`);
      }
    };
    const working = work();
    return {
      submit: () => call("POST", "/tasks", task),
      async stop() {
        isStopping = true;
        await call("POST", "/tasks", task); // it waits for one more
        await working;
      },
    };
  },
});
