/** Two connected sockets of this process. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What is written to one is read from the other. Nobody else can get in between: the way they meet is in a directory that is this user's alone. */
export async function socketPair(options: { allowHalfOpen?: boolean } = {}): Promise<readonly [Socket, Socket]> {
  const directory = await mkdtemp(join(tmpdir(), "runyard-pair-")); // mode 0700
  const path = join(directory, "s");
  const server = createServer(options);
  try {
    server.listen(path);
    await once(server, "listening");
    const near = connect({ ...options, path });
    const [[far]] = await Promise.all([once(server, "connection") as Promise<[Socket]>, once(near, "connect")]);
    return [near, far];
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}
