/** Lines as messages of a WebSocket, many at a time. The library needs microseconds and two buffers for each message; where something prints a hundred
 *  thousand lines a second, that is all the time there is. Here they become one buffer, which is written at once (RFC 6455, section 5.2). */

/** A last fragment of text. */
const textFrame = 0x81;
const lineFeed = 0x0a;

/** @param lines whole ones in UTF-8, each with its line feed
 *  @returns an unmasked text frame for each, as servers send them, without the line feed */
export function textFrames(lines: Buffer): Buffer {
  // A header of two bytes for a line of one byte, its line feed, is the worst case.
  const frames = Buffer.allocUnsafe(2 * lines.length);
  let at = 0;
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(lineFeed, from);
    if (end === -1) throw new Error("the last line is not whole");
    at = putHeader(frames, at, end - from);
    at += lines.copy(frames, at, from, end);
    from = end + 1;
  }
  return frames.subarray(0, at);
}

function putHeader(frames: Buffer, at: number, length: number): number {
  frames[at] = textFrame;
  if (length < 126) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    frames[at + 1] = 126;
    return frames.writeUInt16BE(length, at + 2);
  }
  frames[at + 1] = 127;
  return frames.writeUInt32BE(length, frames.writeUInt32BE(0, at + 2));
}
