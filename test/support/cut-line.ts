/** A line of TCP between a client and a server, which a test can cut and mend. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface CutLine extends AsyncDisposable {
  /** What a client calls in place of the server. */
  readonly url: string;
  /** All connections end at once, and no new ones come about. */
  cut(): void;
  mend(): void;
}

/** @param url of the server: `http://127.0.0.1:PORT` */
export async function openCutLine(url: string): Promise<CutLine> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    return socket;
  };
  const server = createServer((client) => {
    hold(client);
    if (isCut) return void client.destroy();
    const upstream = hold(connect(Number(port), hostname));
    client.pipe(upstream).pipe(client);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const own = typeof address === "object" ? address?.port : undefined;
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      end();
      server.close();
      await once(server, "close");
    },
  };
}
