/** A process in an agent's sandbox, over the connection. It outlives the connection, and this handle with it. */
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessStatus } from "../agent/protocol.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { Exit, Process } from "../sandboxes/sandbox.ts";
import { createCalls, type MakeCall } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import { createRemoteLog } from "./remote-log.ts";
import { createRemoteStdin } from "./remote-stdin.ts";
import { parseProcess, parseUsage } from "./replies.ts";

const longPollMs = 60_000;
/** Beyond the wait that was asked for. */
const answerTimeMs = 20_000;
const retryMs = 1_000;

/** @param path of the process, see agent/protocol.ts */
export function createRemoteProcess(connection: AgentConnection, path: string, status: ProcessStatus): Process {
  const call = createCalls(connection);
  let exited: Promise<Exit> | undefined;

  return {
    id: status.id,
    pid: status.pid,
    pidInside: status.pidInside,
    startedAt: status.startedAt,
    hasTerminal: status.hasTerminal,
    exit: status.exit,
    stdin: status.hasStdin ? createRemoteStdin(connection, `${path}/stdin`) : undefined,
    meta: status.meta,
    leftOff: status.leftOff,
    output: createRemoteLog(connection, `${path}/output?stream=output`),
    errors: status.hasErrors ? createRemoteLog(connection, `${path}/output?stream=errors`) : undefined,
    get exited() {
      // Only for those who ask: each waiting is a call in flight.
      exited ??= status.exit ? Promise.resolve(status.exit) : untilExited(connection, call, path);
      return exited;
    },
    async signal(signal) {
      await call({ method: "POST", path: `${path}/signal`, body: { signal }, once: true });
    },
    async stop({ graceMs }) {
      const request = {
        method: "POST",
        path: `${path}/stop?graceMs=${graceMs}`,
        timeoutMs: graceMs + answerTimeMs,
      } as const;
      const { exit } = readJson(await call(request), parseProcess);
      if (!exit) throw new YardError("internal", `process ${status.id} was stopped, and has no end`);
      return exit;
    },
    async resize(size) {
      await call({ method: "POST", path: `${path}/resize`, body: size });
    },
    async usage({ tree = false } = {}) {
      return readJson(await call({ method: "GET", path: `${path}/usage${tree ? "?tree" : ""}` }), parseUsage);
    },
  };
}

/** Waits as long as it takes, also for the agent to come back. A process that was forgotten meanwhile ended in a way nobody can tell. */
async function untilExited(connection: AgentConnection, call: MakeCall, path: string): Promise<Exit> {
  const request = {
    method: "GET",
    path: `${path}/exited?timeoutMs=${longPollMs}`,
    timeoutMs: longPollMs + answerTimeMs,
  } as const;
  for (;;) {
    try {
      const { exit } = readJson(await call(request), parseProcess);
      if (exit) return exit;
    } catch (error) {
      if (isYardError(error, "not_found")) return { code: null, signal: null, at: Date.now() };
      // Nobody is left to hear of it: stay pending rather than invent an end.
      if (connection.closed.aborted) return new Promise<never>(() => {});
      await delay(retryMs, undefined, { signal: connection.closed }).catch(() => {}); // closed: seen in the next round
    }
  }
}
