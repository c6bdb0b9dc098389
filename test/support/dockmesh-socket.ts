/** One of Dockmesh's WebSockets, as a test talks on it. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { until } from "../../src/platform/testing/until.ts";

export interface DockmeshSocket extends Disposable {
  readonly socket: WebSocket;
  /** Messages of text, in order. */
  readonly texts: readonly string[];
  /** All bytes so far. */
  shown(): string;
  /** The first message of text like this, once it is there. */
  text(like: RegExp): Promise<string>;
  /** Resolves with the code. */
  readonly closed: Promise<number>;
  /** Of the answer to the upgrade. */
  readonly requestId: string | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** @param path below `/api/v1/ws` */
export async function openDockmeshSocket(url: string, path: string, headers: Headers = {}): Promise<DockmeshSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws${path}`, { headers });
  const texts: string[] = [];
  let shown = "";
  let requestId: string | undefined;
  socket.on("message", (data, isBinary) => {
    if (isBinary) shown += String(data);
    else texts.push(String(data));
  });
  socket.on("upgrade", (response) => {
    requestId = response.headers["x-request-id"] as string | undefined;
  });
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  return {
    ...{ socket, texts, closed, requestId },
    shown: () => shown,
    text: (like) => until(() => texts.find((text) => like.test(text)), { what: `a message like ${like}` }),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** The answer to an upgrade that is refused. */
export async function refusalOf(
  url: string,
  path: string,
  headers: Headers = {},
): Promise<{ status: number; json: { error: string } }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws${path}`, { headers });
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  let body = "";
  for await (const part of response) body += part;
  socket.on("error", () => {});
  socket.terminate();
  return { status: response.statusCode ?? 0, json: JSON.parse(body) };
}
