/** Standard input of a process in an agent's sandbox. */
import type { ClientHttp2Stream } from "node:http2";
import { Writable } from "node:stream";
import type { AgentConnection } from "./connection.ts";
import { brokenOff, refusalOf, whenOver } from "./exchange.ts";

/** Bytes go out as they are written, no faster than the process reads; the end is end-of-file. When the connection breaks the stream errors
 *  with `interrupted`: how much had arrived cannot be known, so nothing is sent twice. The process' stdin stays open; take a new handle. */
export function createRemoteStdin(connection: AgentConnection, path: string): Writable {
  let source: Promise<ClientHttp2Stream> | undefined;

  async function begin(): Promise<ClientHttp2Stream> {
    const session = await connection.session();
    const stream = session.request({ ":method": "POST", ":path": path });
    let headers: Parameters<typeof refusalOf>[0]["headers"] = {};
    const body: Buffer[] = [];
    stream.on("response", (received) => {
      headers = received;
    });
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    whenOver(stream, (isWhole, cause) => {
      const refusal = isWhole
        ? refusalOf({ headers, body: Buffer.concat(body) })
        : brokenOff(session, connection.name, cause);
      if (refusal) stdin.destroy(refusal);
    });
    return stream;
  }

  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      source ??= begin();
      source.then((stream) => stream.write(chunk, done), done);
    },
    final(done) {
      source ??= begin();
      source
        .then(async (stream) => {
          const closed = Promise.withResolvers<void>();
          stream.on("close", closed.resolve);
          stream.end();
          await closed.promise;
        })
        .then(() => done(), done);
    },
    destroy(error, done) {
      source?.then(
        (stream) => stream.destroy(), // not close(): an orderly end would go out first, whatever the code, and that is end-of-file
        () => {},
      );
      done(error);
    },
  });
  // Whoever waits for a write or for the end hears of it there. An error that nobody waits for must not end the control plane.
  return stdin.on("error", () => {});
}
