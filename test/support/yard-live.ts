/** The socket that tells what changes, as a test listens to it. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { until } from "../../src/platform/testing/until.ts";

export interface LiveMessage {
  readonly topic?: string;
  readonly changes?: readonly { readonly id: string; readonly kind: string; readonly hostId?: string }[];
  readonly reset?: boolean;
  readonly subscribed?: readonly string[];
  readonly refused?: readonly string[];
  readonly ping?: number;
  readonly error?: string;
}

export interface LiveSocket extends Disposable {
  readonly socket: WebSocket;
  readonly messages: readonly LiveMessage[];
  /** Resolves once it is so. */
  subscribe(...topics: string[]): Promise<LiveMessage>;
  /** Of those to come, the first that tells of that row, or of them all. */
  change(topic: string, id: string): Promise<LiveMessage>;
  /** Resolves with the code. */
  readonly closed: Promise<number>;
}

export async function issueTicket(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/yard/v1/tickets`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.status !== 201) throw new Error(`no ticket: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { ticket: string }).ticket;
}

export async function openLive(url: string, token: string): Promise<LiveSocket> {
  return openWithTicket(url, await issueTicket(url, token));
}

export async function openWithTicket(url: string, ticket: string): Promise<LiveSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/yard/v1/live?ticket=${ticket}`);
  const messages: LiveMessage[] = [];
  socket.on("message", (data) => void messages.push(JSON.parse(String(data))));
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  const find = (fits: (message: LiveMessage) => boolean, what: string, from = messages.length) =>
    until(() => messages.slice(from).find(fits), { what });
  return {
    ...{ socket, messages, closed },
    subscribe(...topics) {
      const answer = find(({ subscribed }) => subscribed !== undefined, `a subscription to ${topics.join(", ")}`);
      socket.send(JSON.stringify({ subscribe: topics }));
      return answer;
    },
    change: (topic, id) =>
      find(
        (one) => one.topic === topic && (one.reset || one.changes?.some((change) => change.id === id)) === true,
        `a change of ${id} in ${topic}`,
        0,
      ),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** The status by which an upgrade is refused. */
export async function liveRefusal(url: string, query: string): Promise<number> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/yard/v1/live${query}`);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  response.resume();
  socket.on("error", () => {});
  socket.terminate();
  return response.statusCode ?? 0;
}
