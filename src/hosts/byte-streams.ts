/** Streams of bytes over the connection, as ordinary streams: held back by who does not read, and with an error where the connection, or the agent, has
 *  broken off in the middle. What was under way is not taken up again. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { Duplex } from "node:stream";
import { YardError } from "../platform/errors.ts";
import type { AgentConnection } from "./connection.ts";
import { breakOff, brokenOff, ConnectionLostError, refusalOf, whenOver } from "./exchange.ts";

export interface OpenReply {
  readonly headers: IncomingHttpHeaders;
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
}

export interface OpenRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  /** Something is sent, too. */
  readonly hasBody: boolean;
  /** Until the reply begins. */
  readonly timeoutMs: number;
}

const bufferBytes = 1024 * 1024;
/** An error body is short: what is longer is cut, and then read as no reason given. */
const mostRefusalChunks = 4;

/** Resolves once the agent has begun to answer.
 *  @throws {YardError} as the agent answered; timeout; ConnectionLostError */
export async function openReply(connection: AgentConnection, request: OpenRequest): Promise<OpenReply> {
  const session = await connection.session();
  const stream = begin(session, request, connection.name);
  const { promise, resolve, reject } = Promise.withResolvers<OpenReply>();
  using _limit = setTimeout(() => {
    reject(new YardError("timeout", `host ${connection.name} did not answer within ${request.timeoutMs} ms`));
    breakOff(stream);
  }, request.timeoutMs);
  const refusal: Buffer[] = [];
  let refused: IncomingHttpHeaders | undefined;
  stream.once("response", (headers) => {
    if (Number(headers[":status"]) < 400) return resolve({ headers, session, stream });
    refused = headers;
    if (request.hasBody) stream.end(); // there is nobody for what would be sent
    stream.on("data", (chunk: Buffer) => {
      if (refusal.length < mostRefusalChunks) refusal.push(chunk);
    });
  });
  whenOver(stream, (isWhole, cause) => {
    const answer = isWhole && refused ? refusalOf({ headers: refused, body: Buffer.concat(refusal) }) : undefined;
    reject(answer ?? brokenOff(session, connection.name, cause));
  });
  return await promise;
}

export function begin(
  session: ClientHttp2Session,
  { method, path, hasBody }: Omit<OpenRequest, "timeoutMs">,
  host: string,
): ClientHttp2Stream {
  try {
    return session.request({ ":method": method, ":path": path }, { endStream: !hasBody });
  } catch (error) {
    if (session.destroyed || session.closed) throw new ConnectionLostError(host, error);
    throw error;
  }
}

/** Both directions of an open reply; where nothing is sent, its readable side is all there is. */
export function bytesOf({ stream, session }: OpenReply, host: string): Duplex {
  const duplex = new Duplex({
    readableHighWaterMark: bufferBytes,
    writableHighWaterMark: bufferBytes,
    read: () => void stream.resume(),
    write: (chunk: Buffer, _encoding, done) => void stream.write(chunk, done),
    final: (done) => void stream.end(done),
    destroy(error, done) {
      if (stream.readableEnded && stream.writableEnded) stream.close();
      else breakOff(stream, error);
      done(error);
    },
  });
  stream.on("data", (chunk: Buffer) => {
    if (!duplex.push(chunk)) stream.pause();
  });
  // Node emits `end` also where the session has died; then the stream is closed already, and its code tells (exchange.ts).
  stream.on("end", () => {
    if (!stream.closed) duplex.push(null);
  });
  whenOver(stream, (isWhole, cause) => {
    if (!isWhole) duplex.destroy(brokenOff(session, host, cause));
    else if (!duplex.readableEnded) duplex.push(null);
  });
  return duplex;
}
