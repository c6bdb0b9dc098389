/** Takes an engine's stream of a container without a terminal apart: what it printed to standard output and error, in the order in which it came. Each message
 *  of the stream has a header of eight bytes: the stream's number, three zeros, and the length (Engine API, "Stream format").
 *
 *  dockerode's own demultiplexer makes three slices and a write of each message, and a message is a line; this one passes whole reads on. */

const headerBytes = 8;
const lengthAt = 4;
const lineFeed = 0x0a;

/** @returns what is fed the pieces of the stream as they arrive, and gives back their text. A message that ends within a line is given a line feed: its
 *  neighbours have nothing to do with it */
export function createDemultiplexer(): (piece: Buffer) => Buffer {
  const header = Buffer.alloc(headerBytes);
  let known = 0; // bytes of the header
  let left = 0; // bytes of the message
  let last = lineFeed;

  return (piece) => {
    const text = Buffer.allocUnsafe(piece.length + 1); // a line feed more than came, for the one message that began before
    let [at, to] = [0, 0];
    while (at < piece.length) {
      if (left === 0) {
        const take = Math.min(headerBytes - known, piece.length - at);
        piece.copy(header, known, at, at + take);
        [at, known] = [at + take, known + take];
        if (known < headerBytes) break;
        known = 0;
        left = header.readUInt32BE(lengthAt);
        continue;
      }
      const take = Math.min(left, piece.length - at);
      piece.copy(text, to, at, at + take);
      [at, to, left] = [at + take, to + take, left - take];
      last = text[to - 1]!;
      if (left === 0 && last !== lineFeed) text[to++] = lineFeed;
    }
    return text.subarray(0, to);
  };
}
