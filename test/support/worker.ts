/** A worker in the test's own process, with what it takes to look at what it leaves. */
import { readdirSync } from "node:fs";
import { createLog } from "../../src/platform/log.ts";
import { temporaryDirectory } from "../../src/platform/testing/temporary-directory.ts";
import { type RunningWorker, startWorker, type WorkerOptions } from "../../src/worker/worker.ts";

export interface TestWorker extends AsyncDisposable, RunningWorker {
  /** Where its tasks are. */
  readonly directory: string;
}

/** @param user token of whom it registers for */
export function startTestWorker(
  coordinator: { readonly url: string; readonly token: string },
  { tags = [], groups = ["crew"], times, ...options }: TestWorkerOptions = {},
): TestWorker {
  const directory = temporaryDirectory();
  const worker = startWorker({
    locate: async () => ({ url: coordinator.url }),
    signIn: async () => coordinator.token,
    registration: { tags, groups, labels: [], lifetime: null },
    ...{ slots: 2, sandbox: "host", directory: directory.path, cwd: directory.path },
    environment: { PATH: process.env.PATH ?? "" },
    maxOutputBytes: 1024 ** 3,
    times: { leaseMs: 30_000, heartbeatMs: 60_000, pollMs: 50, ...times },
    idleExitMs: undefined,
    log: createLog({ level: "silent" }),
    ...options,
  });
  worker.ended.catch(() => {}); // who is interested waits for it
  return {
    ...worker,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      worker.kill();
      await worker.ended.catch(() => {});
      directory[Symbol.dispose]();
    },
  };
}

export interface TestWorkerOptions extends Partial<Omit<WorkerOptions, "registration" | "times">> {
  readonly tags?: readonly string[];
  readonly groups?: readonly string[];
  readonly times?: Partial<WorkerOptions["times"]>;
}

/** Directories of workers that are still there. */
export function workerHomes(directory: string): readonly string[] {
  return readdirSync(directory);
}
