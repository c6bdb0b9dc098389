/** One agent per directory: two would each take the other's processes for their own, and overwrite each other's journals. */
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { errnoOf, YardError } from "../platform/errors.ts";

/** Held until it is disposed of, or the process ends in whatever way: the lock is the name of an abstract socket, which the kernel gives to
 *  one process at a time and takes back at its end. It holds on this machine, within one network namespace. @see unix(7)
 *  @throws {YardError} conflict */
export async function lockDirectory(path: string): Promise<AsyncDisposable> {
  const { dev, ino } = statSync(path);
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(`\0runyard-agent-${dev}-${ino}`, resolve);
    });
  } catch (error) {
    if (errnoOf(error) !== "EADDRINUSE") throw error;
    throw new YardError("conflict", `Another agent is running with the directory ${path}.`);
  }
  server.unref();
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
