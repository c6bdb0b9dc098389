/** The host that the control plane itself runs on. */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, YardError } from "../platform/errors.ts";
import { createAgentHost } from "./agent-host.ts";
import { boundAgentLog } from "./agent-log.ts";
import { type AgentConnection, openConnection } from "./connection.ts";
import { ConnectionLostError, exchange } from "./exchange.ts";
import type { Host } from "./host.ts";
import { createLocalAgent, type LocalAgentParts } from "./local-agent.ts";

export interface LocalHostParts extends LocalAgentParts {
  /** No other host of the yard has the same. */
  readonly id: string;
  /** As people see it. */
  readonly name: string;
}

/** Disposing of it closes the connection; the agent and what it runs go on. */
export interface LocalHost extends Host, AsyncDisposable {
  /** Its agent was started by this opening, and not found running. */
  readonly startedAgent: boolean;
  /** Ends all that runs on the host (SIGTERM, after `graceMs` SIGKILL), then its agent. Resolves when the agent is gone.
   *  @throws {YardError} timeout */
  stop(options: { graceMs: number }): Promise<void>;
}

/** Beyond the grace: for killing, for the journal, for a busy machine. */
const stopTimeMs = 15_000;
const answerTimeMs = 20_000;
/** To be heard by an agent, each after a connection that broke off. */
const mostTries = 3;
const lookAgainMs = 5;
/** The first connection: an agent may have much to adopt. */
const firstAnswerMs = 30_000;

/** Finds this machine's agent or starts it, and keeps it running until it is told to stop.
 *  @throws {YardError} unavailable, if it cannot be started; precondition, if a running one speaks another version */
export async function openLocalHost(parts: LocalHostParts): Promise<LocalHost> {
  await using opened = new AsyncDisposableStack();
  const agent = createLocalAgent(parts);
  opened.use(boundAgentLog(parts.directory, (error) => parts.log.warn({ err: error }, "cannot keep agent.log small")));
  // The first try fails aloud: a yard whose agent cannot start must say why, not go on trying.
  let first: Socket | undefined = await agent.connect(AbortSignal.timeout(firstAnswerMs));
  const connect = async (signal: AbortSignal): Promise<Socket> => {
    const socket = first ?? (await agent.connect(signal));
    first = undefined;
    return socket;
  };
  const connection = opened.use(openConnection({ name: parts.name, isLocal: true, connect, log: parts.log }));
  await connection.session({ waitMs: firstAnswerMs });
  const host = createAgentHost(parts.id, connection, parts.log);
  const startedAgent = agent.wasStarted;
  const stack = opened.move();

  return {
    ...host,
    startedAgent,
    get connected() {
      return connection.connected;
    },
    get known() {
      return connection.info;
    },
    stop: ({ graceMs }) => stopAgent(connection, graceMs),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function stopAgent(connection: AgentConnection, graceMs: number): Promise<void> {
  const pid = await tellToShutDown(connection, graceMs);
  if (pid !== undefined) await gone(pid, graceMs + stopTimeMs);
  await connection[Symbol.asyncDispose]();
}

/** Retires the connection at once: or another agent would be started when this one ends. A connection that breaks off before the answer
 *  may be that of an agent which was just killed: then the next one has to take over what runs, and stop that.
 *  @returns the agent that has heard it */
async function tellToShutDown(connection: AgentConnection, graceMs: number): Promise<number | undefined> {
  const request = { method: "POST", path: `/v1/shutdown?graceMs=${graceMs}`, timeoutMs: answerTimeMs } as const;
  for (let tries = 1; ; tries++) {
    const session = await connection.session({ waitMs: firstAnswerMs });
    const pid = connection.info?.pid;
    try {
      await exchange(session, request, connection.name);
      connection.retire();
      return pid;
    } catch (error) {
      if (!(error instanceof ConnectionLostError) || tries === mostTries) throw error;
    }
  }
}

async function gone(pid: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline)
      throw new YardError("timeout", `the agent (pid ${pid}) has not ended after ${timeoutMs} ms`);
    await delay(lookAgainMs);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}
