/** WebSockets of the yard. A browser cannot send a token with one, so each is opened by a ticket that is good once. */
import { call } from "./call.ts";

/** @param path of this yard, as `/api/v1/ws/logs/…`
 *  @throws when there is no ticket to be had, or no connection; a browser does not tell why */
export async function openTicketSocket(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<WebSocket> {
  const { ticket } = await call("POST /yard/v1/tickets", {}, { signal });
  signal.throwIfAborted();
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const url = new URL(`${path}?${new URLSearchParams([...given, ["ticket", ticket]])}`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  signal.addEventListener("abort", () => socket.close(), { once: true });
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onclose = () => reject(new Error("The connection could not be opened. Perhaps it is over already."));
  });
}
