/** A connection that speaks another protocol, WebSocket above all: once both ends have agreed on it, bytes pass unread. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ask, handBack, rejectWithoutReply } from "./exchange.ts";
import { type Destination, switchingHead } from "./heads.ts";

/** A reply on a connection that Node's server has let go of; it is closed after it. */
export function replyOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  return response.once("finish", () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
}

/** Resolves when both directions have ended, or the refusal was handed back. @throws what broke before the port has answered */
export async function tunnel(
  request: IncomingMessage,
  client: { readonly socket: Socket; readonly head: Buffer },
  connection: Duplex,
  destination: Destination,
): Promise<void> {
  const { socket, head } = client;
  socket.once("close", () => connection.destroy());
  const answer = await answerTo(request, connection, destination);
  if (!answer.agreed) return handBack(answer.incoming, replyOn(socket, request), destination);
  socket.write(switchingHead(answer.incoming), "latin1"); // as the parser has read it
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) connection.write(head);
  await Promise.all([pipeline(socket, connection), pipeline(connection, socket)]).catch(() => {
    socket.destroy();
    connection.destroy();
  });
}

type Answer = { incoming: IncomingMessage } & ({ agreed: true; head: Buffer } | { agreed: false });

function answerTo(request: IncomingMessage, connection: Duplex, destination: Destination): Promise<Answer> {
  const outgoing = ask(request, connection, destination, { upgrade: request.headers.upgrade });
  return new Promise((resolve, reject) => {
    rejectWithoutReply(outgoing, reject);
    outgoing
      .once("upgrade", (incoming, _connection, head) => resolve({ agreed: true, incoming, head }))
      .once("response", (incoming) => resolve({ agreed: false, incoming }))
      .on("error", reject)
      .end();
  });
}
