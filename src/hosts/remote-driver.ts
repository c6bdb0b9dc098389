/** An agent's sandbox driver behind the same interface as in the agent. Routes: agent/protocol.ts. */
import { YardError } from "../platform/errors.ts";
import type { SandboxHandle } from "../sandboxes/sandbox.ts";
import { bytesOf, openReply } from "./byte-streams.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import type { HostDriver, HostSandbox } from "./host.ts";
import { createRemoteFiles } from "./remote-files.ts";
import { createRemoteArrivals, createRemoteDeparture } from "./remote-images.ts";
import { createRemoteProcess } from "./remote-process.ts";
import { runRemotely } from "./remote-run.ts";
import { createRemoteTemplates } from "./remote-templates.ts";
import {
  parseHandle,
  parseInfo,
  parseInhabitants,
  parseProcess,
  parseProcesses,
  parseSandboxUsage,
  parseTemplate,
} from "./replies.ts";

/** To make, pause, resume or end a sandbox: a machine may have to be booted, or its memory written to a disk. */
const sandboxTimeoutMs = 120_000;
const execTimeoutMs = 60_000;
/** All that a sandbox has written may have to be copied. */
const captureTimeoutMs = 3_600_000;
const dialTimeoutMs = 20_000;
/** Of a sandbox' end, where the caller names none. */
const defaultGraceMs = 5_000;

export function createRemoteDriver(name: string, connection: AgentConnection): HostDriver {
  const call = createCalls(connection);

  function pathOf(sandboxId: string): string {
    return `/v1/sandboxes/${encodeURIComponent(name)}/${encodeURIComponent(sandboxId)}`;
  }

  function sandboxOf(handle: SandboxHandle): HostSandbox {
    const path = pathOf(handle.id);
    const { pause, ownFiles, templates, dial, inhabitants, moves } = driver.can;
    const processPath = (id: string) => `${path}/processes/${encodeURIComponent(id)}`;
    async function change(what: "pause" | "resume"): Promise<void> {
      await call({ method: "POST", path: `${path}/${what}`, timeoutMs: sandboxTimeoutMs });
    }
    return {
      handle,
      async exec({ id, ...spec }) {
        const request = { method: "PUT", path: processPath(id), body: spec, timeoutMs: execTimeoutMs } as const;
        return createRemoteProcess(connection, processPath(id), readJson(await call(request), parseProcess));
      },
      run: (spec, options) => runRemotely(connection, processPath(spec.id), spec, options),
      async usage() {
        return readJson(await call({ method: "GET", path: `${path}/usage` }), parseSandboxUsage);
      },
      files: ownFiles ? createRemoteFiles(connection, path) : undefined,
      pausing:
        pause !== "none"
          ? {
              pause: () => change("pause"),
              resume: () => change("resume"),
            }
          : undefined,
      capture: templates
        ? async (name) => {
            const request = { method: "POST", path: `${path}/capture`, body: { name }, once: true } as const;
            return readJson(await call({ ...request, timeoutMs: captureTimeoutMs }), parseTemplate);
          }
        : undefined,
      dial: dial
        ? async (port) => {
            const request = { method: "POST", path: `${path}/dial/${port}`, hasBody: true } as const;
            return bytesOf(await openReply(connection, { ...request, timeoutMs: dialTimeoutMs }), connection.name);
          }
        : undefined,
      departure: moves ? createRemoteDeparture(connection, path) : undefined,
      inhabitants: inhabitants
        ? {
            list: async () => readJson(await call({ method: "GET", path: `${path}/inhabitants` }), parseInhabitants),
            async signal(pid, signal) {
              const request = { method: "POST", path: `${path}/inhabitants/${pid}/signal` } as const;
              await call({ ...request, body: { signal }, once: true });
            },
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

  const driver: HostDriver = {
    name,
    get can() {
      const known = connection.info?.drivers.find((driver) => driver.name === name);
      if (!known)
        throw new YardError("unavailable", `host ${connection.name} has no driver ${name}, or was never reached`);
      return known.can;
    },
    get templates() {
      const known = connection.info?.drivers.find((driver) => driver.name === name);
      return known?.can.templates ? createRemoteTemplates(connection, name) : undefined;
    },
    get arrivals() {
      const known = connection.info?.drivers.find((driver) => driver.name === name);
      return known?.can.moves ? createRemoteArrivals(connection, name) : undefined;
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
