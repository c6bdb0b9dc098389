/** A host, as the connection to its agent shows it. */
import { bytesOf, openReply } from "./byte-streams.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import type { Host } from "./host.ts";
import type { HostLog } from "./log.ts";
import { createRemoteDriver } from "./remote-driver.ts";
import { createRemoteStackFiles } from "./remote-stack-files.ts";
import { parseInfo, parseResources, parseSandboxReports, parseSandboxUsages } from "./replies.ts";
import { createUnits } from "./units.ts";

const dialTimeoutMs = 10_000;

export function createAgentHost(id: string, connection: AgentConnection, log: HostLog): Host {
  const call = createCalls(connection);
  return {
    id,
    name: connection.name,
    get connected() {
      return connection.connected;
    },
    get known() {
      return connection.info;
    },
    info: async () => readJson(await call({ method: "GET", path: "/v1/info" }), parseInfo),
    resources: async () => readJson(await call({ method: "GET", path: "/v1/resources" }), parseResources),
    async shutdown({ graceMs }) {
      await call({ method: "POST", path: `/v1/shutdown?graceMs=${graceMs}`, once: true });
    },
    units: createUnits(connection, log),
    sandboxes: async () => readJson(await call({ method: "GET", path: "/v1/sandboxes" }), parseSandboxReports),
    async sandboxUsage(ids) {
      const reply = await call({ method: "POST", path: "/v1/sandboxes/usage", body: { ids } });
      return new Map(Object.entries(readJson(reply, parseSandboxUsages)));
    },
    async dockerEngine() {
      const request = { method: "POST", path: "/v1/docker", hasBody: true, timeoutMs: dialTimeoutMs } as const;
      return bytesOf(await openReply(connection, request), connection.name);
    },
    stackFiles: createRemoteStackFiles(connection),
    driver: (name) => createRemoteDriver(name, connection),
  };
}
