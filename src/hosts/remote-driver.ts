/** An agent's sandbox driver behind the same interface as in the agent. Routes: agent/protocol.ts. */
import { YardError } from "../platform/errors.ts";
import type { Sandbox, SandboxDriver, SandboxHandle } from "../sandboxes/sandbox.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import { createRemoteProcess } from "./remote-process.ts";
import { parseHandle, parseInfo, parseProcess, parseProcesses, parseSandboxUsage } from "./replies.ts";

/** To make or end a sandbox: a machine may have to be booted. */
const sandboxTimeoutMs = 120_000;
const execTimeoutMs = 60_000;
/** Of a sandbox' end, where the caller names none. */
const defaultGraceMs = 5_000;

export function createRemoteDriver(name: string, connection: AgentConnection): SandboxDriver {
  const call = createCalls(connection);

  function pathOf(sandboxId: string): string {
    return `/v1/sandboxes/${encodeURIComponent(name)}/${encodeURIComponent(sandboxId)}`;
  }

  function sandboxOf(handle: SandboxHandle): Sandbox {
    const path = pathOf(handle.id);
    const pauses = driver.can.pause !== "none";
    const processPath = (id: string) => `${path}/processes/${encodeURIComponent(id)}`;
    return {
      handle,
      async exec({ id, ...spec }) {
        const request = { method: "PUT", path: processPath(id), body: spec, timeoutMs: execTimeoutMs } as const;
        return createRemoteProcess(connection, processPath(id), readJson(await call(request), parseProcess));
      },
      async usage() {
        return readJson(await call({ method: "GET", path: `${path}/usage` }), parseSandboxUsage);
      },
      pausing: pauses
        ? {
            pause: async () => void (await call({ method: "POST", path: `${path}/pause` })),
            resume: async () => void (await call({ method: "POST", path: `${path}/resume` })),
          }
        : undefined,
      async processes() {
        const statuses = readJson(await call({ method: "GET", path: `${path}/processes` }), parseProcesses);
        return statuses.map((status) => createRemoteProcess(connection, processPath(status.id), status));
      },
      async forget(processId) {
        await call({ method: "DELETE", path: processPath(processId) });
      },
      async destroy({ graceMs = defaultGraceMs } = {}) {
        await call({ method: "DELETE", path: `${path}?graceMs=${graceMs}`, timeoutMs: graceMs + sandboxTimeoutMs });
      },
    };
  }

  const driver: SandboxDriver = {
    name,
    get can() {
      const known = connection.info?.drivers.find((driver) => driver.name === name);
      if (!known)
        throw new YardError("unavailable", `host ${connection.name} has no driver ${name}, or was never reached`);
      return known.can;
    },
    async available() {
      const { drivers } = readJson(await call({ method: "GET", path: "/v1/info" }), parseInfo);
      const known = drivers.find((driver) => driver.name === name);
      return known?.availability ?? { usable: false, reason: `host ${connection.name} has no driver ${name}` };
    },
    async create({ id, ...spec }) {
      const request = { method: "PUT", path: pathOf(id), body: spec, timeoutMs: sandboxTimeoutMs } as const;
      return sandboxOf(readJson(await call(request), parseHandle));
    },
    async reattach(handle) {
      const path = `${pathOf(handle.id)}/reattach`;
      return sandboxOf(readJson(await call({ method: "POST", path, body: handle }), parseHandle));
    },
    async [Symbol.asyncDispose]() {}, // the driver is the agent's; the connection has its own owner
  };
  return driver;
}
