/** A terminal in a capsule, over its WebSocket. */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { Echo } from "./echo.ts";
import type { Yard } from "./yard.ts";

interface Frame {
  readonly type: string;
  readonly data?: string;
}

/** With `cat` in it. */
export async function openCapsuleTerminal({ url, authorization }: Yard, id: string): Promise<Echo> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/capsules/${id}/pty`, { headers: { authorization } });
  let heard = Promise.withResolvers<void>();
  socket.on("message", (data, isBinary) => {
    const frame: Frame = isBinary ? { type: "output" } : JSON.parse(String(data));
    if (frame.type === "error") heard.reject(new Error(frame.data));
    else if (frame.type !== "ping") heard.resolve();
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "start", cmd: "cat" }));
  await heard.promise;
  return {
    async type(key) {
      heard = Promise.withResolvers();
      socket.send(JSON.stringify({ type: "input", data: Buffer.from(key).toString("base64") }));
      await heard.promise;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
