/** The routes that speak of the host and the agent itself. */
import { hostname, userInfo } from "node:os";
import type { SandboxDriver } from "../sandboxes/sandbox.ts";
import { numberOf, sendJson, sendNothing } from "./http.ts";
import { type AgentInfo, protocolVersion } from "./protocol.ts";
import { readMachine, readResources } from "./resources.ts";
import type { Routes } from "./router.ts";

const defaultGraceMs = 5_000;
const longestGraceMs = 3_600_000;

export function hostRoutes(parts: {
  /** Where sandboxes are kept. */
  directory: string;
  version: string;
  startedAt: number;
  drivers: ReadonlyMap<string, SandboxDriver>;
  /** Main processes of all that runs. */
  leaders: () => readonly number[];
  shutdown: (options: { graceMs: number }) => void;
}): Routes {
  async function info(): Promise<AgentInfo> {
    const drivers: AgentInfo["drivers"][number][] = [];
    for (const driver of parts.drivers.values()) {
      drivers.push({ name: driver.name, can: driver.can, availability: await driver.available() });
    }
    const { version, startedAt } = parts;
    const { pid } = process;
    return {
      version,
      protocol: protocolVersion,
      pid,
      startedAt,
      hostname: hostname(),
      osUser: userInfo().username,
      machine: readMachine(parts.directory),
      drivers,
    };
  }
  return {
    "GET /v1/info": async (request) => sendJson(request, await info()),
    "GET /v1/resources": (request) => sendJson(request, readResources(parts.leaders())),
    "POST /v1/shutdown": (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: defaultGraceMs, most: longestGraceMs });
      sendNothing(request, 202);
      parts.shutdown({ graceMs });
    },
  };
}
