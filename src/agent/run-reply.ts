/** Starts a process, waits for its end, replies with all it has printed and forgets it: what would be four calls in one. */

import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { YardError } from "../platform/errors.ts";
import { after } from "../platform/timers.ts";
import type { LocalSandbox, OutputLog, Process, ProcessSpec } from "../sandboxes/sandbox.ts";
import { headerJson, numberOf, type Request, sendBytes, sendStream } from "./http.ts";

const mostMs = 365 * 24 * 3_600_000;
const mostBytes = 256 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
/** Up to here it goes out in one piece. */
const smallBytes = 64 * 1024;

/** If the client has left before it could be told, the process and its output stay, to be asked for. */
export async function sendRun(request: Request, sandbox: LocalSandbox, spec: ProcessSpec): Promise<void> {
  const timeoutMs = numberOf(request.query, "timeoutMs", { default: mostMs, most: mostMs });
  const maxBytes = numberOf(request.query, "maxBytes", { default: pieceBytes, most: mostBytes });
  if (spec.streams !== "separate") {
    throw new YardError("invalid", "A run has separate streams: its reply tells them apart.", { field: "streams" });
  }
  const process = await sandbox.exec(spec);
  let isLate = false;
  using _deadline = after(timeoutMs, () => {
    isLate = true;
    void process.signal("SIGKILL");
  });
  await process.exited;
  if (request.signal.aborted) return;
  try {
    if (isLate) throw new YardError("timeout", `The process was killed: it took longer than ${timeoutMs} ms.`);
    await sendOutputs(request, process, maxBytes);
  } catch (error) {
    if (!request.signal.aborted) await sandbox.forget(process.id);
    throw error;
  }
  await sandbox.forget(process.id);
}

async function sendOutputs(request: Request, { exit, output, errors }: Process, maxBytes: number): Promise<void> {
  const logs = errors ? [output, errors] : [output];
  const [outputBytes = 0, errorBytes = 0] = await Promise.all(logs.map((log) => log.size()));
  if (Math.max(outputBytes, errorBytes) > maxBytes) {
    throw new YardError("too_large", `The process has printed more than ${maxBytes} bytes.`);
  }
  const headers = { "process-exit": headerJson(exit), "output-size": outputBytes, "errors-size": errorBytes };
  if (outputBytes + errorBytes > smallBytes) {
    await sendStream(request, Readable.from(piecesOf(logs), { objectMode: false }), headers);
    return;
  }
  sendBytes(request, Buffer.concat(await Array.fromAsync(piecesOf(logs))), headers);
  await finished(request.stream, { readable: false });
}

async function* piecesOf(logs: readonly OutputLog[]): AsyncGenerator<Buffer, void, undefined> {
  for (const log of logs) {
    const size = await log.size();
    for (let position = 0; position < size; ) {
      const { bytes, from, next } = await log.read({ position, maxBytes: pieceBytes });
      if (from > position) throw new YardError("storage_full", "Output was dropped: the host's disk is full.");
      yield bytes;
      position = next;
    }
  }
}
