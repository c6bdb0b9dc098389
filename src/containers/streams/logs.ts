/** What a container has printed, and prints from now on. */
import type { Readable } from "node:stream";
import type { Engine } from "../../platform/docker/engine.ts";
import { openEngineReply } from "../../platform/docker/engine-reply.ts";
import { requireContainerReference } from "./container-reference.ts";
import { createDemultiplexer } from "./demultiplex.ts";
import { readEngineBytes } from "./engine-bytes.ts";
import { createLineCutter } from "./lines.ts";

export interface LogRequest {
  /** Lines of the past, the newest. */
  readonly tail: number | "all";
  /** Whether to go on until the container has ended. */
  readonly follow: boolean;
  /** Seconds since 1970, with up to nine decimals: nothing that was printed before that. */
  readonly since?: string;
}

export interface ContainerLog extends Disposable {
  /** Blocks of whole lines in UTF-8, each line with its time (RFC 3339, nanoseconds) before it and a line feed after it. Whoever reads slowly holds the
   *  engine back. @throws {YardError} unavailable */
  readonly lines: AsyncIterable<Buffer>;
}

/** @throws {YardError} not_found; as Engine.call */
export async function openContainerLog(
  engine: Engine,
  container: string,
  { tail, follow, since }: LogRequest,
): Promise<ContainerLog> {
  requireContainerReference(container);
  const { Config } = await engine.call(`find ${container}`, (docker, abortSignal) =>
    docker.getContainer(container).inspect({ abortSignal }),
  );
  const query = { stdout: true, stderr: true, timestamps: true, follow, tail: String(tail), ...(since && { since }) };
  const stream = await engine.call(`read the log of ${container}`, (docker, abortSignal) =>
    openEngineReply(docker, `/containers/${container}/logs`, { query, abortSignal }),
  );
  return {
    lines: linesOf(stream, Config.Tty),
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

async function* linesOf(stream: Readable, isTerminal: boolean): AsyncGenerator<Buffer, void, undefined> {
  const cutter = createLineCutter({ isTerminal });
  const demultiplex = isTerminal ? (piece: Buffer) => piece : createDemultiplexer();
  for await (const piece of readEngineBytes(stream, "the log")) {
    const lines = cutter.take(demultiplex(piece));
    if (lines.length > 0) yield lines;
  }
  const last = cutter.end();
  if (last.length > 0) yield last;
}
