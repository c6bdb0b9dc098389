/** One of Wrenn's WebSockets, as a test talks on it. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { until } from "../../src/platform/testing/until.ts";

export interface Frame {
  readonly type: string;
  readonly data?: string;
  readonly pid?: number;
  readonly tag?: string;
  readonly exit_code?: number;
  readonly fatal?: boolean;
}

export interface WrennSocket {
  readonly socket: WebSocket;
  readonly frames: readonly Frame[];
  readonly binary: readonly Buffer[];
  send(frame: object): void;
  /** The first frame of that type, once it is there. */
  frame(type: string): Promise<Frame>;
  /** What was heard of that output so far. */
  text(type: string): string;
  /** Resolves with the code. */
  readonly closed: Promise<number>;
}

/** @param path below `/v1/capsules` */
export async function talkTo(url: string, path: string, headers: Record<string, string>): Promise<WrennSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/capsules/${path}`, { headers });
  const frames: Frame[] = [];
  const binary: Buffer[] = [];
  socket.on("message", (data, isBinary) => {
    if (isBinary) binary.push(data as Buffer);
    else frames.push(JSON.parse(String(data)));
  });
  await once(socket, "open");
  socket.on("error", () => {}); // a yard that is killed says no goodbye
  return {
    ...{ socket, frames, binary },
    closed: once(socket, "close").then(([code]) => code as number),
    send: (frame) => socket.send(JSON.stringify(frame)),
    frame: (type) => until(() => frames.find((frame) => frame.type === type), { what: `a frame ${type}` }),
    text: (type) =>
      frames
        .filter((frame) => frame.type === type)
        .map(({ data = "" }) => (type === "output" ? Buffer.from(data, "base64").toString() : data))
        .join(""),
  };
}

export const typed = (text: string) => ({ type: "input", data: Buffer.from(text).toString("base64") });
