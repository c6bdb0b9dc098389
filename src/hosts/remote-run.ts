/** Runs a process in an agent's sandbox to its end, in one round trip. */

import { YardError } from "../platform/errors.ts";
import type { ProcessSpec } from "../sandboxes/sandbox.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { ConnectionLostError, type Reply, readCount, readJson } from "./exchange.ts";
import type { FinishedProcess, RunOptions } from "./host.ts";
import { createRemoteProcess } from "./remote-process.ts";
import { parseExit, parseProcess } from "./replies.ts";

/** Beyond the time that it may take. */
const answerTimeMs = 60_000;
/** What a timer can hold: the agent's own limit is the one that counts. */
const longestWaitMs = 2 ** 31 - 1;

/** @param path of the process, see agent/protocol.ts */
export async function runRemotely(
  connection: AgentConnection,
  path: string,
  { id: _, ...spec }: ProcessSpec,
  options: RunOptions,
): Promise<FinishedProcess> {
  const { timeoutMs, maxBytes, admit } = options;
  try {
    const reply = await createCalls(connection)({
      method: "POST",
      path: `${path}/run?timeoutMs=${timeoutMs}&maxBytes=${maxBytes}`,
      body: spec,
      timeoutMs: Math.min(longestWaitMs, timeoutMs + answerTimeMs),
      maxReplyBytes: 2 * maxBytes,
      admit: admit && (async (headers) => admit(printedBytes(headers))),
      once: true,
    });
    return finishedOf(reply);
  } catch (error) {
    if (!(error instanceof ConnectionLostError)) throw error;
    return await whatBecameOf(connection, path, options, error);
  }
}

function finishedOf({ headers, body }: Reply): FinishedProcess {
  const exit = headers["process-exit"];
  if (typeof exit !== "string") {
    throw new YardError("internal", "the agent's answer lacks the header process-exit");
  }
  const outputBytes = readCount(headers, "output-size");
  return {
    exit: readJson({ headers, body: Buffer.from(exit) }, parseExit),
    output: body.subarray(0, outputBytes),
    errors: body.subarray(outputBytes),
  };
}

/** Nothing, where it was refused. */
function printedBytes(headers: Reply["headers"]): number {
  return Number(headers["output-size"] ?? 0) + Number(headers["errors-size"] ?? 0);
}

/** Nothing is run twice: when the connection broke, the agent still has the process, if it had begun and the agent lives. */
async function whatBecameOf(
  connection: AgentConnection,
  path: string,
  { timeoutMs, maxBytes }: RunOptions,
  lost: ConnectionLostError,
): Promise<FinishedProcess> {
  const call = createCalls(connection);
  const status = await call({ method: "GET", path }).catch(() => Promise.reject(lost));
  const process = createRemoteProcess(connection, path, readJson(status, parseProcess));
  const exit = await process.exited;
  const [output, errors] = await Promise.all([
    wholeOf(process.output, maxBytes),
    process.errors ? wholeOf(process.errors, maxBytes) : Buffer.alloc(0),
  ]);
  await call({ method: "DELETE", path });
  if (exit.at - process.startedAt >= timeoutMs) {
    throw new YardError("timeout", `The process was killed: it took longer than ${timeoutMs} ms.`, { cause: lost });
  }
  return { exit, output, errors };
}

async function wholeOf(log: ReturnType<typeof createRemoteProcess>["output"], maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of log.follow({ position: 0 }) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxBytes) throw new YardError("too_large", `The process has printed more than ${maxBytes} bytes.`);
  }
  return Buffer.concat(pieces);
}
