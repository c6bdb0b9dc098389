/** For programs that cannot be asked which port they have found by themselves. */
import { once } from "node:events";
import { createServer } from "node:net";

/** Free now, on the loopback address; nobody else is likely to get it within the next moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("no port was given");
  return address.port;
}
