/** A growing log of the agent, read on and on: one stream for the reader, however often the connection breaks underneath. */
import type { ClientHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import type { AgentConnection } from "./connection.ts";
import { brokenOff, ConnectionLostError, openStream, readCount, refusalOf, whenOver } from "./exchange.ts";

export interface FollowOptions {
  /** The request for everything from a position on. */
  path(position: number): string;
  readonly position: number;
}

/** Between the throughput of a big buffer and what a reader that stopped may hold: the agent is held back beyond it. */
const bufferBytes = 1024 * 1024;
/** How long a reader waits for a lost agent to come back before it gets an error. */
const patienceMs = 60_000;
const retryMs = 500;
/** An error body is short; what is longer is cut, and then read as no reason given. */
const maxErrorBytes = 64 * 1024;

/** All bytes from `position` until the log has ended, across reconnects without gap or repetition. Destroy it to stop. For a reader so
 *  slow that the log was trimmed before it, the agent breaks off, and the stream goes on with the oldest byte that is kept. Errors with the agent's refusal, or `unavailable` when the agent stays away. */
export function follow(connection: AgentConnection, options: FollowOptions): Readable {
  const leaving = new AbortController();
  let source: ClientHttp2Stream | undefined;

  const reader = new Readable({
    highWaterMark: bufferBytes,
    read: () => void source?.resume(),
    destroy(error, done) {
      leaving.abort();
      source?.close();
      done(error);
    },
  });

  async function readOn(): Promise<void> {
    let position = options.position;
    let lostSince: number | undefined;
    let brokenAt: number | undefined;
    for (;;) {
      try {
        const session = await connection.session({ signal: leaving.signal });
        source = openStream(
          session,
          { method: "GET", path: options.path(position), signal: leaving.signal },
          connection.name,
        );
        const whole = await relay(source, {
          begin(from) {
            if (brokenAt !== undefined && from <= brokenAt) throw brokenOff(session, connection.name, undefined);
            brokenAt = undefined;
            position = from;
            lostSince = undefined;
          },
          push(chunk) {
            position += chunk.length;
            return reader.push(chunk);
          },
        });
        if (whole) {
          reader.push(null);
          return;
        }
        if (session.destroyed || session.closed) throw new ConnectionLostError(connection.name, undefined);
        brokenAt = position; // once more: a trimmed log begins later then
      } catch (error) {
        const isAway = error instanceof ConnectionLostError || isYardError(error, "unavailable");
        lostSince ??= performance.now();
        if (!isAway || connection.closed.aborted || performance.now() - lostSince > patienceMs) throw error;
        if (!(error instanceof ConnectionLostError)) await delay(retryMs, undefined, { signal: leaving.signal });
      }
    }
  }

  readOn().catch((error: unknown) => {
    if (!leaving.signal.aborted) reader.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return reader;
}

interface Sink {
  /** Position of the first byte to come. */
  begin(from: number): void;
  /** @returns false to be left alone until it reads again */
  push(chunk: Buffer): boolean;
}

/** Passes one stream's bytes on. Resolves at its end: whether the agent had ended it.
 *  @throws {YardError} as the agent answered */
function relay(source: ClientHttp2Stream, sink: Sink): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const refusal: Buffer[] = [];
  let refusedWith: Parameters<typeof refusalOf>[0]["headers"] | undefined;
  source.on("response", (headers) => {
    if (Number(headers[":status"]) >= 400) refusedWith = headers;
    else {
      try {
        sink.begin(readCount(headers, "output-from"));
      } catch (error) {
        reject(error);
        source.close();
        return;
      }
    }
    hasBegun = true;
    for (const chunk of early.splice(0)) take(chunk);
  });
  // Over a transport that is no socket, Node emits bytes ahead of the response; and over any, it throws a short reply away that nobody listens to at its
  // end, which may come before the response is told (both seen with Node 24.21).
  const early: Buffer[] = [];
  let hasBegun = false;
  source.on("data", (chunk: Buffer) => (hasBegun ? take(chunk) : early.push(chunk)));
  const take = (chunk: Buffer) => {
    if (refusedWith) {
      if (refusal.reduce((sum, part) => sum + part.length, 0) < maxErrorBytes) refusal.push(chunk);
    } else if (!sink.push(chunk)) {
      source.pause();
    }
  };
  whenOver(source, (isWhole) => {
    if (!isWhole) resolve(false);
    else if (refusedWith) reject(refusalOf({ headers: refusedWith, body: Buffer.concat(refusal) }));
    else resolve(true);
  });
  return promise;
}
