/** The routes of `/v1/sandboxes`: the SandboxDriver interface of sandboxes/sandbox.ts, for the other end of the connection. */
import { once } from "node:events";
import { YardError } from "../platform/errors.ts";
import { hostSandboxId } from "../sandboxes/host/driver.ts";
import type { LocalSandbox, LocalSandboxDriver, Pausing, Process } from "../sandboxes/sandbox.ts";
import { endedWithin } from "./exit-wait.ts";
import { numberOf, type Request, readJson, sendJson, sendNothing } from "./http.ts";
import { sendOutput } from "./output-reply.ts";
import { parseHandle, parseProcessSpec, parseSandboxSpec, parseSignal, parseSize } from "./parse.ts";
import type { ProcessStatus } from "./protocol.ts";
import type { Routes } from "./router.ts";

const longestWaitMs = 60_000;
const longestGraceMs = 3_600_000;

const sandboxPath = "/v1/sandboxes/{driver}/{sandbox}";
const processPath = `${sandboxPath}/processes/{process}`;

export function sandboxRoutes(drivers: ReadonlyMap<string, LocalSandboxDriver>): Routes {
  function driverOf({ params }: Request): LocalSandboxDriver {
    const driver = drivers.get(params.driver ?? "");
    if (!driver) throw new YardError("not_found", `This host has no driver ${params.driver}.`, { field: "driver" });
    return driver;
  }
  function sandboxOf(request: Request): Promise<LocalSandbox> {
    const driver = driverOf(request);
    return driver.reattach({ driver: driver.name, version: 1, id: request.params.sandbox ?? "" });
  }
  async function pausingOf(request: Request): Promise<Pausing> {
    const { pausing } = await sandboxOf(request);
    if (!pausing) throw cannot(driverOf(request), "pause");
    return pausing;
  }
  async function processOf(request: Request): Promise<Process> {
    const { process: id } = request.params;
    const process = (await (await sandboxOf(request)).processes()).find((one) => one.id === id);
    if (!process) throw new YardError("not_found", `There is no process ${id}.`);
    return process;
  }

  return {
    [`PUT ${sandboxPath}`]: async (request) => {
      const spec = parseSandboxSpec(await readJson(request), request.params.sandbox ?? "");
      const driver = driverOf(request);
      await refuseTaken(drivers, driver, spec.id);
      sendJson(request, (await driver.create(spec)).handle);
    },
    [`POST ${sandboxPath}/reattach`]: async (request) => {
      const handle = parseHandle(await readJson(request));
      sendJson(request, (await driverOf(request).reattach(handle)).handle);
    },
    [`DELETE ${sandboxPath}`]: async (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: 0, most: longestGraceMs });
      await (await sandboxOf(request)).destroy({ graceMs });
      sendNothing(request);
    },
    [`GET ${sandboxPath}/usage`]: async (request) => {
      const usage = await (await sandboxOf(request)).usage?.();
      if (!usage) throw cannot(driverOf(request), "measure sandboxes");
      sendJson(request, usage);
    },
    [`POST ${sandboxPath}/pause`]: async (request) => {
      await (await pausingOf(request)).pause();
      sendNothing(request);
    },
    [`POST ${sandboxPath}/resume`]: async (request) => {
      await (await pausingOf(request)).resume();
      sendNothing(request);
    },
    [`GET ${sandboxPath}/processes`]: async (request) => {
      const processes = await (await sandboxOf(request)).processes();
      sendJson(request, processes.map(statusOf));
    },
    [`PUT ${processPath}`]: async (request) => {
      const spec = parseProcessSpec(await readJson(request));
      const process = await (await sandboxOf(request)).exec({ ...spec, id: request.params.process ?? "" });
      sendJson(request, statusOf(process));
    },
    [`GET ${processPath}`]: async (request) => sendJson(request, statusOf(await processOf(request))),
    [`DELETE ${processPath}`]: async (request) => {
      await (await sandboxOf(request)).forget(request.params.process ?? "");
      sendNothing(request);
    },
    [`GET ${processPath}/exited`]: async (request) => {
      const timeoutMs = numberOf(request.query, "timeoutMs", { default: longestWaitMs, most: longestWaitMs });
      const process = await processOf(request);
      await endedWithin(process, timeoutMs, request.signal);
      sendJson(request, statusOf(process));
    },
    [`GET ${processPath}/output`]: async (request) => sendOutput(request, await processOf(request)),
    [`POST ${processPath}/stdin`]: async (request) => {
      await receiveInput(request, await processOf(request));
      sendNothing(request);
    },
    [`POST ${processPath}/signal`]: async (request) => {
      const signal = parseSignal(await readJson(request));
      await (await processOf(request)).signal(signal);
      sendNothing(request);
    },
    [`POST ${processPath}/stop`]: async (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: 0, most: longestGraceMs });
      const process = await processOf(request);
      await process.stop({ graceMs });
      sendJson(request, statusOf(process));
    },
    [`POST ${processPath}/resize`]: async (request) => {
      const size = parseSize(await readJson(request));
      await (await processOf(request)).resize(size);
      sendNothing(request);
    },
    [`GET ${processPath}/usage`]: async (request) => {
      const process = await processOf(request);
      sendJson(request, await process.usage({ tree: request.query.has("tree") }));
    },
  };
}

function cannot({ name }: LocalSandboxDriver, what: string): YardError {
  return new YardError("precondition", `The driver ${name} cannot ${what}.`);
}

/** The sandbox of that id, whichever driver has it. @throws {YardError} not_found */
export async function findSandbox(drivers: ReadonlyMap<string, LocalSandboxDriver>, id: string): Promise<LocalSandbox> {
  for (const driver of drivers.values()) {
    const sandbox = await driver.reattach({ driver: driver.name, version: 1, id }).catch(() => undefined);
    if (sandbox) return sandbox;
  }
  throw new YardError("not_found", `This host has no sandbox ${id}.`, { field: "sandbox" });
}

/** A unit names its sandbox by the id alone, so no two drivers may have the same. */
async function refuseTaken(
  drivers: ReadonlyMap<string, LocalSandboxDriver>,
  wanted: LocalSandboxDriver,
  id: string,
): Promise<void> {
  const taken = await findSandbox(drivers, id).catch(() => undefined);
  if (taken && (taken.handle.driver !== wanted.name || id === hostSandboxId)) {
    throw new YardError("conflict", `There is a sandbox ${id} of the driver ${taken.handle.driver} already.`, {
      field: "id",
    });
  }
}

function statusOf(process: Process): ProcessStatus {
  const { id, pid, startedAt, stdin, hasTerminal = false, exit } = process;
  return { id, pid, startedAt, hasStdin: stdin !== undefined, hasTerminal, exit };
}

/** Passes on what comes, at the pace of the process. Only a proper end of the body ends the input. */
async function receiveInput({ stream }: Request, { stdin, id }: Process): Promise<void> {
  if (!stdin) {
    const message = `Process ${id} takes no input: start it with stdin "open" or a terminal.`;
    throw new YardError("precondition", message, { field: "stdin" });
  }
  for await (const chunk of stream) {
    if (!stdin.writable) return; // it has ended, or closed its input
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]);
  }
  if (!stream.aborted) stdin.end();
}
