/** The socket of the yard's news, as messages with a meaning. */
import { call } from "./call.ts";

export type Topic =
  | "apps"
  | "capsules"
  | "tasks"
  | "executions"
  | "containers"
  | "stacks"
  | "hosts"
  | "events"
  | "alerts";

export interface LiveEvents {
  /** Something was heard. */
  seen(): void;
  /** From now on changes of these are told. */
  subscribed(topics: readonly string[]): void;
  changed(topic: string): void;
  /** @param code the yard's reason; undefined when it said none */
  closed(code: number | undefined): void;
}

/** Why the yard ends a connection whose owner is not who they were. */
export const closeCodes = { sessionEnded: 4401, rightsChanged: 4403 } as const;

export interface LiveSocket {
  /** In place of what was subscribed before. */
  subscribe(topics: readonly Topic[]): void;
  close(): void;
}

/** The yard says something every 15 s. */
const longestSilenceMs = 35_000;

/** @throws when there is no ticket to be had, or no connection */
export async function openLiveSocket(events: LiveEvents): Promise<LiveSocket> {
  const socket = await openSocket((await call("POST /yard/v1/tickets")).ticket);
  let silence: ReturnType<typeof setTimeout>;
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => end(), longestSilenceMs);
    events.seen();
  };
  /** A line that is dead would not even tell of its closing. */
  function end(code?: number): void {
    clearTimeout(silence);
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
    events.closed(code);
  }
  heard();
  socket.onclose = ({ code }) => end(code);
  socket.onmessage = ({ data }) => {
    heard();
    const { topic, subscribed } = Object(JSON.parse(String(data))) as { topic?: unknown; subscribed?: unknown };
    if (Array.isArray(subscribed)) events.subscribed(subscribed.map(String));
    if (typeof topic === "string") events.changed(topic);
  };
  return {
    subscribe: (topics) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ subscribe: topics })),
    close: () => end(),
  };
}

function openSocket(ticket: string): Promise<WebSocket> {
  const url = new URL(`/yard/v1/live?${new URLSearchParams({ ticket })}`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onclose = () => reject(new Error("the socket was not opened"));
  });
}
