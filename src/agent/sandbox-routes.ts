/** The routes of `/v1/sandboxes` but those of files, ports and templates: the SandboxDriver interface of sandboxes/sandbox.ts, for the other
 *  end of the connection. */
import { once } from "node:events";
import { YardError } from "../platform/errors.ts";
import type { OutputLog, Pausing, Process } from "../sandboxes/sandbox.ts";
import { endedWithin } from "./exit-wait.ts";
import { numberOf, type Request, readJson, sendJson, sendNothing } from "./http.ts";
import { leftOffAt } from "./left-off.ts";
import { sendOutput } from "./output-reply.ts";
import { parseHandle, parseProcessSpec, parseSandboxSpec, parseSignal, parseSize } from "./parse.ts";
import type { ProcessStatus } from "./protocol.ts";
import type { Routes } from "./router.ts";
import { sendRun } from "./run-reply.ts";
import { type Drivers, processPath, refuseTaken, required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

const longestWaitMs = 60_000;
const longestGraceMs = 3_600_000;

export function sandboxRoutes(drivers: Drivers, find: SandboxLookup): Routes {
  async function pausingOf(request: Request): Promise<Pausing> {
    const { pausing, handle } = await find.sandbox(request);
    return required(pausing, handle.driver, "pause");
  }

  return {
    [`PUT ${sandboxPath}`]: async (request) => {
      const spec = parseSandboxSpec(await readJson(request), request.params.sandbox ?? "");
      const driver = find.driver(request);
      await refuseTaken(drivers, driver, spec.id);
      sendJson(request, (await driver.create(spec)).handle);
    },
    [`POST ${sandboxPath}/reattach`]: async (request) => {
      const handle = parseHandle(await readJson(request));
      sendJson(request, (await find.driver(request).reattach(handle)).handle);
    },
    [`DELETE ${sandboxPath}`]: async (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: 0, most: longestGraceMs });
      await (await find.sandbox(request)).destroy({ graceMs });
      sendNothing(request);
    },
    [`GET ${sandboxPath}/usage`]: async (request) => {
      const sandbox = await find.sandbox(request);
      sendJson(request, required(await sandbox.usage?.(), sandbox.handle.driver, "measure sandboxes"));
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
      const processes = await (await find.sandbox(request)).processes();
      sendJson(request, processes.map(statusOf));
    },
    [`PUT ${processPath}`]: async (request) => {
      const spec = parseProcessSpec(await readJson(request));
      const process = await (await find.sandbox(request)).exec({ ...spec, id: request.params.process ?? "" });
      sendJson(request, statusOf(process));
    },
    [`POST ${processPath}/run`]: async (request) => {
      const spec = parseProcessSpec(await readJson(request));
      await sendRun(request, await find.sandbox(request), { ...spec, id: request.params.process ?? "" });
    },
    [`GET ${processPath}`]: async (request) => sendJson(request, statusOf(await find.process(request))),
    [`DELETE ${processPath}`]: async (request) => {
      await (await find.sandbox(request)).forget(request.params.process ?? "");
      sendNothing(request);
    },
    [`GET ${processPath}/exited`]: async (request) => {
      const timeoutMs = numberOf(request.query, "timeoutMs", { default: longestWaitMs, most: longestWaitMs });
      const process = await find.process(request);
      await endedWithin(process, timeoutMs, request.signal);
      sendJson(request, statusOf(process));
    },
    [`GET ${processPath}/output`]: async (request) => sendOutput(request, logOf(request, await find.process(request))),
    [`POST ${processPath}/stdin`]: async (request) => {
      await receiveInput(request, await find.process(request));
      sendNothing(request);
    },
    [`POST ${processPath}/signal`]: async (request) => {
      const signal = parseSignal(await readJson(request));
      await (await find.process(request)).signal(signal);
      sendNothing(request);
    },
    [`POST ${processPath}/stop`]: async (request) => {
      const graceMs = numberOf(request.query, "graceMs", { default: 0, most: longestGraceMs });
      const process = await find.process(request);
      await process.stop({ graceMs });
      sendJson(request, statusOf(process));
    },
    [`POST ${processPath}/resize`]: async (request) => {
      const size = parseSize(await readJson(request));
      await (await find.process(request)).resize(size);
      sendNothing(request);
    },
    [`GET ${processPath}/usage`]: async (request) => {
      const process = await find.process(request);
      sendJson(request, await process.usage({ tree: request.query.has("tree") }));
    },
  };
}

function statusOf(process: Process): ProcessStatus {
  const { id, pid, pidInside, startedAt, stdin, hasTerminal = false, errors, meta, exit } = process;
  const has = { hasStdin: stdin !== undefined, hasTerminal, hasErrors: errors !== undefined };
  const leftOff = { output: leftOffAt(process.output), errors: errors && leftOffAt(errors) };
  return { id, pid, pidInside, startedAt, ...has, meta, leftOff, exit };
}

/** @throws {YardError} precondition, invalid */
function logOf({ query }: Request, { id, output, errors }: Process): OutputLog {
  const stream = query.get("stream");
  if (stream === null || stream === "output") return output;
  if (stream !== "errors") throw new YardError("invalid", 'stream must be "output" or "errors".', { field: "stream" });
  if (errors) return errors;
  throw new YardError("precondition", `Process ${id} has one log for all: it was not started with separate streams.`);
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
