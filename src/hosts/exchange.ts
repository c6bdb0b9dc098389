/** One request and its reply on one HTTP/2 session; what to do when the session breaks is the callers' decision (calls.ts). */
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { YardError } from "../platform/errors.ts";
import { type Parse, parseErrorBody } from "./replies.ts";

export interface AgentRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** A longer reply is refused. */
  readonly maxReplyBytes?: number;
  /** Called when the reply has begun: its body is not read before this resolves, and not at all if it rejects. */
  readonly admit?: (headers: IncomingHttpHeaders) => Promise<void>;
}

export interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The connection broke before the reply was complete: nobody knows whether it was carried out. */
export class ConnectionLostError extends YardError {
  constructor(host: string, cause?: unknown) {
    super("interrupted", `the connection to host ${host} broke off before the answer came`, { cause });
  }
}

const defaultMaxReplyBytes = 64 * 1024 * 1024;

/** Sends a request and reads the reply whole.
 *  @throws {YardError} as the agent answered; timeout; ConnectionLostError */
export function exchange(session: ClientHttp2Session, request: AgentRequest, host: string): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const stream = openStream(session, request, host);
  const give = (error: unknown) => {
    reject(error);
    stream.close(constants.NGHTTP2_CANCEL);
  };
  const timer = setTimeout(
    () => give(new YardError("timeout", `host ${host} did not answer ${what(request)} within ${request.timeoutMs} ms`)),
    request.timeoutMs,
  );
  const onAbort = () => give(new YardError("interrupted", `${what(request)} was given up`));
  request.signal?.addEventListener("abort", onAbort, { once: true });

  let headers: IncomingHttpHeaders | undefined;
  let bytes = 0;
  const chunks: Buffer[] = [];
  stream.on("response", (received) => {
    headers = received;
    if (!request.admit) return;
    stream.pause();
    request.admit(received).then(() => stream.resume(), give);
  });
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > (request.maxReplyBytes ?? defaultMaxReplyBytes)) {
      give(new YardError("too_large", `host ${host} answers ${what(request)} with more than it should`));
    }
  });
  whenOver(stream, (isWhole, cause) => {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", onAbort);
    if (!headers || !isWhole) return reject(brokenOff(session, host, cause));
    const reply = { headers, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) };
    const refusal = refusalOf(reply);
    if (refusal) reject(refusal);
    else resolve(reply);
  });
  return promise;
}

/** Opens a stream with the request on it; the caller listens to all its events.
 *  @throws {ConnectionLostError} if the session has ended */
export function openStream(
  session: ClientHttp2Session,
  request: Pick<AgentRequest, "method" | "path" | "body" | "signal">,
  host: string,
): ClientHttp2Stream {
  if (request.signal?.aborted) throw new YardError("interrupted", `${what(request)} was given up`);
  const json = request.body === undefined ? undefined : JSON.stringify(request.body);
  try {
    const stream = session.request(
      {
        ":method": request.method,
        ":path": request.path,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
      },
      { endStream: json === undefined },
    );
    if (json !== undefined) stream.end(json);
    return stream;
  } catch (error) {
    if (session.destroyed || session.closed) throw new ConnectionLostError(host, error);
    throw error;
  }
}

/** Calls `done` when the stream is over: whether the agent had ended it, and if not, why. Node emits `end` also when the session dies in the
 *  middle of a body, without any error (seen with Node 24.21): only the code tells. */
export function whenOver(stream: ClientHttp2Stream, done: (isWhole: boolean, cause: unknown) => void): void {
  let failure: unknown;
  stream.on("error", (error) => {
    failure = error;
  });
  stream.on("close", () => {
    done(failure === undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR, failure);
  });
}

/** Breaks a stream off, so that the agent takes what it has got for a part. Not by `close`, which ends what is being sent before it resets the stream: a half would
 *  arrive as a whole (seen with Node 24.21). */
export function breakOff(stream: ClientHttp2Stream, cause?: unknown): void {
  stream.destroy(cause instanceof Error ? cause : new Error("given up"));
}

/** Ends a session at once. Without an error, the streams that this cuts off would look as if they had ended. */
export function cutOff(session: ClientHttp2Session, reason: string): void {
  session.destroy(new Error(reason), constants.NGHTTP2_CANCEL);
}

/** Why a reply is not whole: the connection, which may come back, or the agent, which gave this one reply up. */
export function brokenOff(session: ClientHttp2Session, host: string, cause: unknown): YardError {
  if (session.destroyed || session.closed) return new ConnectionLostError(host, cause);
  return new YardError("interrupted", `the agent of host ${host} broke its answer off`, { cause });
}

/** The error that a reply with a failing status carries. */
export function refusalOf(reply: Reply): YardError | undefined {
  const status = Number(reply.headers[":status"]);
  if (status < 400) return undefined;
  try {
    const { code, message, field, retryAfterMs } = readJson(reply, parseErrorBody);
    return new YardError(code, message, { field, retryAfterMs });
  } catch (cause) {
    return new YardError("internal", `the agent answered with status ${status} and no reason`, { cause });
  }
}

/** @throws {YardError} internal, if the body is not the JSON that `parse` knows */
export function readJson<T>(reply: Reply, parse: Parse<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(reply.body.toString("utf8"));
  } catch (cause) {
    throw new YardError("internal", "the agent answered with something that is no JSON", { cause });
  }
  return parse(value);
}

/** A whole number in a header of the reply. */
export function readCount(headers: IncomingHttpHeaders, name: string): number {
  const value = Number(headers[name]);
  if (headers[name] === undefined || !Number.isSafeInteger(value) || value < 0) {
    throw new YardError("internal", `the agent's answer lacks the header ${name}`);
  }
  return value;
}

function what(request: Pick<AgentRequest, "method" | "path">): string {
  return `${request.method} ${request.path.split("?")[0]}`;
}
