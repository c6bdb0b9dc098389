/** Starts agents for tests: in this process, or as one that can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { type Agent, type AgentOptions, startAgent } from "../agent.ts";
import { type AgentClient, connectAgent } from "./client.ts";

/** An agent with a directory of its own; everything of it is gone at the end. */
export async function openTestAgent(
  options: Partial<AgentOptions> = {},
): Promise<AsyncDisposable & { agent: Agent; client: AgentClient; directory: string }> {
  await using opened = new AsyncDisposableStack();
  const directory = options.directory ?? opened.use(temporaryDirectory()).path;
  const socketPath = join(directory, "agent.sock");
  const agent = await startAgent({ directory, socketPath, version: "test", log: () => {}, ...options });
  opened.defer(() => agent.shutdown({ graceMs: 0 }));
  const client = opened.use(connectAgent(socketPath));
  const parts = opened.move();
  return { agent, client, directory, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

export interface KillableAgent extends AsyncDisposable {
  readonly client: AgentClient;
  readonly pid: number;
  /** As a power cut would: resolves once it is dead. */
  kill(): Promise<void>;
}

/** Disposing ends it gracefully, with all that it runs. */
export async function spawnAgent(directory: string): Promise<KillableAgent> {
  const socketPath = join(directory, "agent.sock");
  const main = fileURLToPath(new URL("agent-main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, directory, socketPath], { stdio: ["ignore", "ignore", "inherit"] });
  const ready = until(() => answers(socketPath), { what: "the agent answers", timeoutMs: 30_000 });
  await ready.catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  const client = connectAgent(socketPath);
  const end = async (signal: NodeJS.Signals) => {
    client[Symbol.dispose]();
    if (hasEnded(child)) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  return {
    client,
    pid: child.pid ?? 0,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}

async function answers(socketPath: string): Promise<boolean> {
  using client = connectAgent(socketPath);
  return await client.call("GET", "/v1/info").then(
    ({ status }) => status === 200,
    () => false,
  );
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
