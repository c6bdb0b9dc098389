/** Requests and replies of the agent's HTTP/2 interface. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isYardError, YardError, type YardErrorCode } from "../platform/errors.ts";
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

const httpStatus = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  locked: 423,
  too_large: 413,
  too_many: 429,
  timeout: 504,
  interrupted: 499,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
} as const satisfies Record<YardErrorCode, number>;

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

function canReply(stream: ServerHttp2Stream): boolean {
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

/** JSON fit for a header, which may hold ASCII alone. */
export function headerJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
}
