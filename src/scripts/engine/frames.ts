/** Messages over a pipe, each a JSON head and an attachment of bytes:
 *
 *      4 bytes   length of the head        little-endian
 *      4 bytes   length of the attachment
 *      head, attachment */

export interface Frame {
  readonly head: unknown;
  readonly attachment: Buffer;
}

export interface FrameLimits {
  readonly headBytes: number;
  readonly attachmentBytes: number;
}

/** Heads are parsed in the control plane, so they are short: what may be long goes as bytes. */
export const maxHeadBytes = 2 * 1024 ** 2;
/** Of a call's arguments, which are parsed there, too. */
export const maxArgsBytes = 1024 ** 2;

const prefixBytes = 8;

export class FrameError extends Error {}

/** @param attachment in parts, which go out one after the other */
export function encodeFrame(head: object, ...attachment: readonly Uint8Array[]): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32LE(json.length, 0);
  prefix.writeUInt32LE(
    attachment.reduce((total, part) => total + part.length, 0),
    4,
  );
  return [Buffer.concat([prefix, json]), ...attachment];
}

/** Collects what arrives and hands over every frame that is complete. What a frame claims to be long is checked before anything is kept for it. */
export function createFrameReader(limits: FrameLimits, onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = prefixBytes;

  function take(bytes: number): Buffer {
    const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    held -= bytes;
    return all.subarray(0, bytes);
  }

  function peekLengths(): { head: number; attachment: number } {
    if (chunks[0]!.length < prefixBytes) chunks = [Buffer.concat(chunks)];
    const head = chunks[0]!.readUInt32LE(0);
    const attachment = chunks[0]!.readUInt32LE(4);
    if (head > limits.headBytes || attachment > limits.attachmentBytes)
      throw new FrameError(`A message of ${head} and ${attachment} bytes is longer than allowed.`);
    return { head, attachment };
  }

  /** @throws {FrameError} too long, or a head that is no JSON */
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const { head, attachment } = peekLengths();
      wanted = prefixBytes + head + attachment;
      if (held < wanted) return;
      const frame = take(wanted);
      wanted = prefixBytes;
      onFrame({
        head: parseHead(frame.subarray(prefixBytes, prefixBytes + head)),
        attachment: frame.subarray(prefixBytes + head),
      });
    }
  };
}

function parseHead(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw new FrameError("A message's head is no JSON.", { cause: error });
  }
}
