/** A plain HTTP/2 client of the agent, for its tests. */
import { connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { RunStatus, UnitSpec, UnitStatus } from "../protocol.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON, of the type that the route replies with. */
  json<T>(): T;
}

export interface AgentClient extends Disposable {
  call(method: string, path: string, body?: unknown): Promise<Reply>;
  /** The unit of that id, from any route that replies with one. */
  unit(method: string, path: string, body?: unknown): Promise<UnitStatus>;
}

export function connectAgent(socketPath: string): AgentClient {
  const session = connect("http://agent", { createConnection: () => connectSocket(socketPath) });
  session.on("error", () => {}); // the calls fail by it
  async function call(method: string, path: string, body?: unknown): Promise<Reply> {
    const stream = session.request({ ":method": method, ":path": path });
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    let headers: IncomingHttpHeaders = {};
    stream.once("response", (received) => {
      headers = received;
    });
    const bytes = await buffer(stream);
    if (headers[":status"] === undefined) throw new Error(`${method} ${path}: the connection broke`);
    return { status: Number(headers[":status"]), headers, bytes, json: () => JSON.parse(bytes.toString()) };
  }
  return {
    call,
    async unit(method, path, body) {
      const reply = await call(method, path, body);
      if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.bytes}`);
      return reply.json<UnitStatus>();
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** A unit that runs a shell script once, with changes. */
export function shellUnit(id: string, script: string, changes: Partial<UnitSpec> = {}): UnitSpec {
  return {
    id,
    revision: 1,
    sandbox: "host",
    process: { argv: ["sh", "-c", script] },
    restart: { onExit: "no", minIntervalMs: 0 },
    enabled: true,
    keepRuns: 0,
    ...changes,
  };
}

export function currentRun(unit: UnitStatus): RunStatus {
  const [run] = unit.runs;
  if (!run) throw new Error(`unit ${unit.id} has no run`);
  return run;
}
