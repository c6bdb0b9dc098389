/** A host, as the connection to its agent shows it. */
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import type { Host } from "./host.ts";
import type { HostLog } from "./log.ts";
import { createRemoteDriver } from "./remote-driver.ts";
import { parseInfo, parseResources } from "./replies.ts";
import { createUnits } from "./units.ts";

export function createAgentHost(id: string, connection: AgentConnection, log: HostLog): Host {
  const call = createCalls(connection);
  return {
    id,
    name: connection.name,
    get connected() {
      return connection.connected;
    },
    info: async () => readJson(await call({ method: "GET", path: "/v1/info" }), parseInfo),
    resources: async () => readJson(await call({ method: "GET", path: "/v1/resources" }), parseResources),
    units: createUnits(connection, log),
    driver: (name) => createRemoteDriver(name, connection),
  };
}
