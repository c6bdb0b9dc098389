/** Brings what a process prints from the container into its logs here, to its end: over the stream that it was started with, and where that breaks (the agent
 *  or the engine was restarted) out of the traces that it leaves inside. */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { OutputFile } from "../output-file.ts";
import { type Attendants, Refusal } from "./attendant.ts";
import { type Ending, readUntilEnding } from "./ending.ts";

export interface OutputSource {
  readonly stream: AsyncIterable<Buffer>;
  readonly nonce: string;
}

export interface OutputParts {
  readonly log: OutputFile;
  readonly name: "out" | "err";
  /** Name of the directory of the process' traces. */
  readonly traces: string;
  readonly attendants: Attendants;
  /** Whether the container is, or stands still for good. */
  readonly isGone: () => Promise<boolean>;
  /** Nobody cares any more. */
  readonly signal: AbortSignal;
}

const retryMs = 1_000;

/** @param source absent: of a process that an earlier agent has started
 *  @returns undefined, if the process is gone and nobody has seen how */
export async function collectOutput(parts: OutputParts, source: OutputSource | undefined): Promise<Ending | undefined> {
  const fd = parts.log.openForAppending();
  try {
    const ending = source && (await readUntilEnding(source.stream, source.nonce, (bytes) => append(fd, bytes)));
    return ending ?? (await readOn(parts, fd));
  } finally {
    closeSync(fd);
  }
}

/** Follows the traces for as long as there are any. An engine that does not answer is waited for. */
async function readOn(parts: OutputParts, fd: number): Promise<Ending | undefined> {
  const { log, name, traces, attendants, signal } = parts;
  while (!signal.aborted) {
    try {
      const size = await log.size();
      const { answer, nonce, reader, release } = await attendants.follow({
        operation: "follow",
        args: [traces, name, `${size}`],
      });
      try {
        const from = Number(answer.split(" ")[1]);
        if (from > size) skipTo(log, from);
        const ending = await readUntilEnding(reader.rest(), nonce, (bytes) => append(fd, bytes));
        if (ending) return ending;
      } finally {
        release();
      }
    } catch (error) {
      if (error instanceof Refusal || (await parts.isGone().catch(() => false))) return undefined;
    }
    await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {});
  }
  return undefined;
}

/** On a full disk the bytes are lost, and their place is kept: the process goes on, as one does that prints into a file itself. */
function append(fd: number, bytes: Buffer): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch {
    // Looked at again with the next bytes.
  }
}

/** What was printed in between is gone: everything before goes too, as where a log exceeds its bound, so that positions stay what they are. */
function skipTo(log: OutputFile, position: number): void {
  const fd = openSync(log.path, "r+");
  try {
    ftruncateSync(fd, position);
  } finally {
    closeSync(fd);
  }
  log.keepLast(0);
}
