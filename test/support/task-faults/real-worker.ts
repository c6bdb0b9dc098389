/** `runyard worker` as a process, whose tasks are commands that it really runs. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ended, Home } from "../home.ts";
import { group, tags } from "./submitter.ts";

export interface RealWorker extends AsyncDisposable {
  /** SIGKILL, and another one in its place. */
  replace(): Promise<void>;
  /** SIGSTOP for longer than its lease, then SIGCONT. */
  freeze(): Promise<void>;
}

const leaseMs = 3_000;
const beyondLeaseMs = 3_000;

/** @param urlOf of the yard; it stays the same over its restarts */
export function startRealWorker(home: Home, { url, token }: { url: string; token: string }): RealWorker {
  let child: ChildProcess & { ended: Promise<Ended> };
  const start = () => {
    const args = ["worker", "--url", url, "--group", group, "--tag", tags.real, "--slots", "2", "--log", "error"];
    child = home.start([...args, "--lease", `${leaseMs}ms`], { env: { RUNYARD_TOKEN: token } });
  };
  start();
  return {
    async replace() {
      child.kill("SIGKILL");
      await child.ended;
      start();
    },
    async freeze() {
      child.kill("SIGSTOP");
      await sleep(leaseMs + beyondLeaseMs);
      child.kill("SIGCONT");
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      child.kill("SIGCONT");
      const { code, signal, stderr } = await child.ended;
      if (code !== 0) throw new Error(`a worker ended with ${code ?? signal}: ${stderr}`);
    },
  };
}
