/** A log of a process in an agent's sandbox, over the connection. */
import type { OutputLog } from "../sandboxes/sandbox.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readCount } from "./exchange.ts";
import { follow } from "./follow.ts";

/** @param path with its query, to which the position is added; see agent/protocol.ts */
export function createRemoteLog(connection: AgentConnection, path: string): OutputLog {
  const call = createCalls(connection);
  const read = (position: number, maxBytes: number) =>
    call({ method: "GET", path: `${path}&position=${position}&maxBytes=${maxBytes}` });
  return {
    size: async () => readCount((await read(0, 0)).headers, "output-size"),
    async read({ position, maxBytes }) {
      const { body, headers } = await read(position, maxBytes);
      return { bytes: body, from: readCount(headers, "output-from"), next: readCount(headers, "output-next") };
    },
    follow: ({ position }) => follow(connection, { position, path: (from) => `${path}&position=${from}&follow` }),
  };
}
