/** Sends bytes to an agent, as fast as it takes them. */
import { once } from "node:events";
import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { YardError } from "../platform/errors.ts";
import { begin } from "./byte-streams.ts";
import type { AgentConnection } from "./connection.ts";
import { breakOff, brokenOff, type Reply, refusalOf, whenOver } from "./exchange.ts";

/** After the last byte: what was sent last is still on its way to the disk. */
const answerTimeoutMs = 120_000;

/** Never made again: the content can be read once. If it fails, the agent is told that what came was not all.
 *  @throws {YardError} as the agent answered; timeout; interrupted, if the connection broke; whatever `content` throws */
export async function upload(
  connection: AgentConnection,
  path: string,
  content: AsyncIterable<Uint8Array>,
): Promise<Reply> {
  const session = await connection.session();
  const stream = begin(session, { method: "PUT", path, hasBody: true }, connection.name);
  const { promise: replied, resolve, reject } = Promise.withResolvers<Reply>();
  replied.catch(() => {}); // it is waited for below, or the content has failed before
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders | undefined;
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  whenOver(stream, (isWhole, cause) => {
    if (!headers || !isWhole) return reject(brokenOff(session, connection.name, cause));
    const reply = { headers, body: Buffer.concat(chunks) };
    const refusal = refusalOf(reply);
    if (refusal) reject(refusal);
    else resolve(reply);
  });
  try {
    await pour(content, stream, () => headers !== undefined);
  } catch (error) {
    breakOff(stream, error);
    throw error;
  }
  using _limit = setTimeout(() => {
    reject(new YardError("timeout", `host ${connection.name} did not answer what was sent to it`));
    breakOff(stream);
  }, answerTimeoutMs);
  return await replied;
}

/** @param isAnswered before the end: it was refused, and nobody reads on */
async function pour(
  content: AsyncIterable<Uint8Array>,
  stream: ClientHttp2Stream,
  isAnswered: () => boolean,
): Promise<void> {
  const over = new AbortController();
  const stop = () => over.abort();
  stream.once("close", stop);
  stream.once("response", stop);
  for await (const part of content) {
    if (isAnswered() || stream.destroyed || stream.closed) break;
    if (stream.write(part)) continue;
    await once(stream, "drain", { signal: over.signal }).catch(() => {}); // it is over: seen in the next round
  }
  stream.end();
}
