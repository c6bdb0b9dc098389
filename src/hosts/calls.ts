/** Calls to an agent that outlive the connection: made again when it breaks, where making them twice is the same as once. */
import type { ClientHttp2Session } from "node:http2";
import { YardError } from "../platform/errors.ts";
import type { AgentConnection } from "./connection.ts";
import { type AgentRequest, ConnectionLostError, exchange, type Reply } from "./exchange.ts";

export interface Call extends Omit<AgentRequest, "timeoutMs"> {
  /** For all tries together, the wait for a connection included. */
  readonly timeoutMs?: number;
  /** Not made again when the connection breaks: `interrupted` instead. */
  readonly once?: boolean;
}

export type MakeCall = (call: Call) => Promise<Reply>;

const defaultTimeoutMs = 20_000;

export function createCalls(connection: AgentConnection): MakeCall {
  return async function call(request) {
    const deadline = performance.now() + (request.timeoutMs ?? defaultTimeoutMs);
    for (;;) {
      const session: ClientHttp2Session = await connection.session({ signal: request.signal });
      const timeoutMs = Math.ceil(deadline - performance.now());
      if (timeoutMs <= 0) throw new YardError("timeout", `host ${connection.name} did not answer in time`);
      try {
        return await exchange(session, { ...request, timeoutMs }, connection.name);
      } catch (error) {
        const mayRepeat = error instanceof ConnectionLostError && !request.once && !connection.closed.aborted;
        if (!mayRepeat) throw error;
      }
    }
  };
}
