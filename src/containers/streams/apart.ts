/** What a command without a terminal prints, its two streams apart. Each message of an engine's stream has a header of eight bytes: the stream's number, three
 *  zeros, and the length (Engine API, "Stream format"). dockerode's own demultiplexer pushes into two streams and holds nobody back. */

export interface Printed {
  readonly to: "stdout" | "stderr";
  /** A part of what was printed at once, or all of it. */
  readonly bytes: Buffer;
}

const headerBytes = 8;
const lengthAt = 4;
const errorStream = 2;

/** @param pieces of the stream, cut anywhere */
export async function* readApart(pieces: AsyncIterable<Buffer>): AsyncGenerator<Printed, void, undefined> {
  const header = Buffer.alloc(headerBytes);
  let known = 0; // bytes of the header
  let left = 0; // bytes of the message
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (left > 0) {
        const bytes = piece.subarray(at, at + left);
        [at, left] = [at + bytes.length, left - bytes.length];
        yield { to: header[0] === errorStream ? "stderr" : "stdout", bytes };
        continue;
      }
      const copied = piece.copy(header, known, at, at + headerBytes - known);
      [at, known] = [at + copied, (known + copied) % headerBytes];
      if (known === 0) left = header.readUInt32BE(lengthAt);
    }
  }
}
