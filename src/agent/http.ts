/** Requests and replies of the agent's HTTP/2 interface. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isYardError, YardError, type YardErrorCode } from "../platform/errors.ts";
import { usualStatus } from "../platform/http/statuses.ts";
import type { ErrorBody } from "./protocol.ts";

export interface Request {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Parts of the path that the route names. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** A body is held in memory whole. */
const maxBodyBytes = 16 * 1024 * 1024;

/** Of a body, that wait for who takes them. */
const mostGatheredBytes = 1024 * 1024;

/** No client but the control plane reads them. */
const httpStatus: Record<YardErrorCode, number> = { ...usualStatus, timeout: 504, interrupted: 499 };

/** @returns undefined for an empty body. @throws {YardError} invalid, too_large */
export async function readJson({ stream }: Request): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not destroy the stream: the refusal is still to be sent on it.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new YardError("too_large", `The body is longer than ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  if (stream.aborted) throw new YardError("interrupted", "The client left before its request was complete.");
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks, length).toString("utf8"));
  } catch {
    throw new YardError("invalid", "The body is not JSON.");
  }
}

/** The body as it comes, at the pace of who takes it. Not by the stream's own iterator, which copies what has gathered into one new buffer: that takes
 *  longer than all else (measured).
 *  @throws {YardError} interrupted, if it breaks off: no end is invented, and what came before is not worth doing any more */
export async function* readBytes({ stream }: Request): AsyncGenerator<Buffer, void> {
  const gathered: Buffer[] = [];
  let bytes = 0;
  let isOver = stream.readableEnded || stream.destroyed;
  let { promise: changed, resolve: change } = Promise.withResolvers<void>();
  const end = () => {
    isOver = true;
    change();
  };
  const take = (chunk: Buffer) => {
    gathered.push(chunk);
    bytes += chunk.length;
    if (bytes >= mostGatheredBytes) stream.pause();
    change();
  };
  stream.on("data", take);
  stream.once("end", end);
  stream.once("close", end);
  try {
    for (;;) {
      if (stream.aborted) throw new YardError("interrupted", "The client left before its request was complete.");
      const chunk = gathered.shift();
      if (chunk) {
        bytes -= chunk.length;
        yield chunk;
      } else if (isOver) return;
      else {
        ({ promise: changed, resolve: change } = Promise.withResolvers<void>());
        stream.resume();
        await changed;
      }
    }
  } finally {
    stream.off("data", take); // what still comes is for nobody
  }
}

export function sendJson({ stream }: Request, value: unknown, status = 200): void {
  if (!canReply(stream)) return;
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(JSON.stringify(value));
}

export function sendNothing({ stream }: Request, status = 204): void {
  if (canReply(stream)) stream.respond({ ":status": status }, { endStream: true });
}

export function sendBytes(
  { stream }: Request,
  bytes: Buffer,
  headers: Readonly<Record<string, string | number>>,
): void {
  if (!canReply(stream)) return;
  stream.respond({ ":status": 200, "content-type": "application/octet-stream", ...headers });
  stream.end(bytes);
}

/** Sends as fast as the client reads. A source that breaks resets the stream, so that no end is invented. */
export async function sendStream(
  { stream }: Request,
  source: Readable,
  headers: Readonly<Record<string, string | number>>,
): Promise<void> {
  if (!canReply(stream)) {
    source.destroy();
    return;
  }
  stream.respond({ ":status": 200, "content-type": "application/octet-stream", ...headers });
  await pipeline(source, stream);
}

export function sendError(stream: ServerHttp2Stream, error: unknown): void {
  if (!canReply(stream)) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const known = isYardError(error) ? error : new YardError("internal", "The agent failed. Its log says why.");
  const { code, message, field, retryAfterMs } = known;
  const body: ErrorBody = { code, message, field, retryAfterMs };
  stream.resume(); // what is left of the body is not read: it must not hold the connection's window
  stream.respond({ ":status": httpStatus[code], "content-type": "application/json" });
  stream.end(JSON.stringify(body));
}

/** Nothing was answered yet, and somebody is there to hear it. */
export function canReply(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed && !stream.headersSent;
}

/** @throws {YardError} invalid */
export function numberOf(query: URLSearchParams, name: string, options: { default: number; most?: number }): number {
  const text = query.get(name);
  if (text === null) return options.default;
  const value = Number(text);
  const { most = Number.MAX_SAFE_INTEGER } = options;
  if (text !== "" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new YardError("invalid", `${name} must be a whole number from 0 to ${most}.`, { field: name });
}

/** @throws {YardError} invalid */
export function textOf(query: URLSearchParams, name: string): string {
  const text = query.get(name);
  if (text === null) throw new YardError("invalid", `${name} is missing.`, { field: name });
  return text;
}

/** JSON fit for a header, which may hold ASCII alone. */
export function headerJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
}
