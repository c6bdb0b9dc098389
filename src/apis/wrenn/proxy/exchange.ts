/** One request to a port inside a capsule, and the reply: both as streams, each byte when it comes. */
import { type ClientRequest, type IncomingMessage, request as requestHttp, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Destination, hasBody, requestHead, responseHead } from "./heads.ts";

/** A head of a reply may have as many bytes: twice what a request to the yard may have. */
const maxHeaderSize = 64 * 1024;
/** Replies before the reply (103 and its like) are read and dropped; one that sends them without end would keep us busy. */
const mostInformation = 1_000;

/** The request as it is asked inside, over a connection of its own; nothing of it is sent yet. */
export function ask(
  request: IncomingMessage,
  connection: Duplex,
  destination: Destination,
  { upgrade }: { upgrade?: string } = {},
): ClientRequest {
  const closing = upgrade === undefined ? ["Connection", "close"] : ["Connection", "Upgrade", "Upgrade", upgrade];
  let information = 0;
  const outgoing = requestHttp({
    createConnection: () => connection,
    method: request.method,
    path: destination.path,
    headers: [...requestHead(request, destination), ...closing],
    setHost: false,
    maxHeaderSize,
  });
  return outgoing.on("information", () => {
    information += 1;
    if (information > mostInformation) outgoing.destroy(new Error("it says again and again that a reply will come"));
  });
}

/** Resolves once the whole reply has gone to the client. @throws what broke before its head was there; later ones cut the reply off */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  connection: Duplex,
  destination: Destination,
): Promise<void> {
  const outgoing = ask(request, connection, destination);
  const leave = (): void => void outgoing.destroy();
  response.once("close", leave); // also the usual end: the connection is not used again
  await handBack(await reply(outgoing, request), response, destination);
}

function reply(outgoing: ClientRequest, request: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve).on("error", reject); // later ones are the reply's, too
    rejectWithoutReply(outgoing, reject);
    if (hasBody(request)) request.pipe(outgoing);
    else outgoing.end();
  });
}

/** What answers with a protocol that nobody has asked for (101) is cut by Node without an error: the end of the connection alone tells of it. */
export function rejectWithoutReply(outgoing: ClientRequest, reject: (error: Error) => void): void {
  outgoing.once("close", () => reject(new Error("the connection has ended without a reply")));
}

/** As it came. One that breaks off breaks off here, too. */
export async function handBack(
  incoming: IncomingMessage,
  response: ServerResponse,
  destination: Destination,
): Promise<void> {
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, responseHead(incoming, destination));
  response.flushHeaders(); // a stream of events may begin with a long silence
  await pipeline(incoming, response).catch(() => response.destroy());
}
