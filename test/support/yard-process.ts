/** A real yard for the tests that cross rooms: `runyard serve` as a process of its own on a free port, with data that outlives its restarts. */
import type { ChildProcess } from "node:child_process";
import { createYardClient, discard } from "../../src/client/http.ts";
import { type LocalYard, readLocalYard } from "../../src/client/local-yard.ts";
import { isYardError } from "../../src/platform/errors.ts";
import { until } from "../../src/platform/testing/until.ts";
import { type Ended, type Home, openHome } from "./home.ts";
import { seenProcesses } from "./processes.ts";

export const adminPassword = "correct horse battery";

export interface RunningYard extends AsyncDisposable {
  readonly data: string;
  /** Of the server that runs now; it may be another one after each start. */
  readonly url: string;
  readonly local: LocalYard;
  readonly process: ChildProcess & { ended: Promise<Ended> };
  readonly pid: number;
  /** SIGKILL to the control plane alone, and wait until it is gone. The agent and what it runs go on. */
  kill(): Promise<void>;
  /** Starts the control plane again on the same data. */
  start(): Promise<void>;
  /** SIGTERM or SIGINT, and wait for the end. */
  stop(signal?: "SIGTERM" | "SIGINT"): Promise<Ended>;
  /** The agent that runs now. */
  agentPid(): number | undefined;
}

/** Starts a yard and waits until it is ready. Disposing of it is Ctrl-C: all it runs ends, too; so does its home, if none was given. */
export async function startYard(args: readonly string[] = [], given?: Home): Promise<RunningYard> {
  const home = given ?? openHome();
  let child!: ChildProcess & { ended: Promise<Ended> };
  let local!: LocalYard;

  const start = async () => {
    // Whatever becomes of the test, the agent ends soon after its yard.
    const flags = ["--admin-password", adminPassword, "--orphan-after", "60s"];
    if (!args.includes("--listen")) flags.push("--listen", "127.0.0.1:0"); // it would listen there as well
    const env = { RUNYARD_EXAMPLES: "false", RUNYARD_LISTEN_AGENTS: "off" }; // a certificate would cost a quarter of a second
    child = home.start(["serve", ...flags, ...args], { env }); // a flag of the test wins
    local = await Promise.race([
      child.ended.then(({ code, stderr }) => {
        throw new Error(`the yard ended with ${code}: ${stderr}`);
      }),
      until(() => readyYard(home), { timeoutMs: 60_000, intervalMs: 20, what: "the yard is ready" }),
    ]);
  };

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return child.ended;
  };

  await start();
  return {
    data: home.data,
    get url() {
      return local.url;
    },
    get local() {
      return local;
    },
    get process() {
      return child;
    },
    get pid() {
      return child.pid!;
    },
    start,
    kill: async () => void (await end("SIGKILL")),
    stop: (signal = "SIGTERM") => end(signal),
    agentPid: () => agentOf(home.data),
    async [Symbol.asyncDispose]() {
      await end("SIGINT");
      if (!given) home[Symbol.dispose]();
    },
  };
}

/** What local.json names, once that answers: after a crash the file of the last life is still there. */
async function readyYard(home: Home): Promise<LocalYard | undefined> {
  const local = await readLocalYard(home.data);
  if (!local) return undefined;
  const client = createYardClient({ url: local.url, ca: local.certificate });
  try {
    await discard(await client.request({ method: "GET", path: "/readyz" }));
    return local;
  } catch (error) {
    if (isYardError(error, "unavailable")) return undefined;
    throw error;
  }
}

function agentOf(data: string): number | undefined {
  return seenProcesses().find(
    ({ state, command }) => state !== "Z" && / agent /.test(command) && command.includes(data),
  )?.pid;
}
