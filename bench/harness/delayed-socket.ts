/** A way to a server that takes longer: what a client sends arrives later, and what it is answered at once. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** @param path of the socket to be made  @param target of the server's */
export async function openDelayedSocket(path: string, target: string, delayMs: number): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const onward = connect(target);
    for (const socket of [client, onward]) {
      open.add(socket);
      socket.on("error", () => {}); // the other one closes next
      socket.on("close", () => open.delete(socket));
    }
    onward.pipe(client);
    onward.on("close", () => client.destroy());
    client.on("close", () => onward.destroy());
    client.on("data", (bytes) => void delay(delayMs).then(() => onward.write(bytes)));
  });
  server.listen(path);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
