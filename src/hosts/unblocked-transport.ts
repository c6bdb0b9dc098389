/** A transport that takes all that is written to it at once, and so is always read from.
 *
 *  Node's HTTP/2 reads nothing while a write of its own waits. Where both ends have much to send (a connection to a port, standard input and output, one file
 *  in and another out) each would wait for ever for the other to read (seen with Node 24.21: the whole session stands still, and pings with it). It is
 *  enough that this end never waits. What is held here meanwhile is bounded: the far end's window lets no more out than it has room for. */
import { Duplex } from "node:stream";

export function createUnblockedTransport(transport: Duplex): Duplex {
  const unblocked = new Duplex({
    read: () => void transport.resume(),
    write(chunk: Buffer, _encoding, done) {
      transport.write(chunk);
      done();
    },
    /** As one: a session writes each frame's head, of nine bytes, and its content by themselves, and each write costs more than copying both (measured). */
    writev(chunks, done) {
      transport.write(Buffer.concat(chunks.map(({ chunk }) => chunk)));
      done();
    },
    final: (done) => void transport.end(done),
    destroy(error, done) {
      transport.destroy(error ?? undefined);
      done(error);
    },
  });
  transport.on("data", (chunk: Buffer) => {
    if (!unblocked.push(chunk)) transport.pause();
  });
  transport.once("end", () => unblocked.push(null));
  transport.once("error", (error) => unblocked.destroy(error));
  transport.once("close", () => unblocked.destroy());
  return unblocked;
}
