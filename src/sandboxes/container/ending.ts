/** Reads what a process prints up to the mark that says how it ended (inside/run-script.ts). */
import { signalName } from "../../platform/process/signals.ts";

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly outOfMemory: boolean;
}

const lineFeed = 0x0a;
/** "<code> <signal> <kills>" is shorter. */
const mostStatusBytes = 64;

/** Hands over all bytes before the mark, each piece as soon as it cannot be a part of it.
 *  @returns undefined, if the stream ends without one */
export async function readUntilEnding(
  stream: AsyncIterable<Buffer>,
  nonce: string,
  take: (bytes: Buffer) => void,
): Promise<Ending | undefined> {
  const mark = Buffer.from(`\0${nonce} `);
  let held: Buffer = Buffer.alloc(0);
  for await (const bytes of stream) {
    held = held.length > 0 ? Buffer.concat([held, bytes]) : bytes;
    const at = held.indexOf(mark);
    if (at < 0) {
      const kept = possibleStart(held, mark);
      if (held.length > kept) take(held.subarray(0, held.length - kept));
      held = held.subarray(held.length - kept);
      continue;
    }
    if (at > 0) take(held.subarray(0, at));
    held = held.subarray(at);
    const status = held.subarray(mark.length);
    if (status.includes(lineFeed) || status.length > mostStatusBytes) return endingOf(status.toString("latin1"));
  }
  if (held.length > 0 && !held.subarray(0, mark.length).equals(mark)) take(held);
  return undefined;
}

/** How many of the last bytes may be the beginning of the mark. */
function possibleStart(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}

/** Dashes: nobody has seen how. */
function endingOf(status: string): Ending {
  const [code = Number.NaN, signal = Number.NaN, kills = 0] = status.trim().split(/\s+/).map(Number);
  const outOfMemory = kills > 0 && (code !== 0 || signal !== 0);
  if (signal > 0) return { code: null, signal: signalName(signal), outOfMemory };
  return { code: Number.isInteger(code) ? code : null, signal: null, outOfMemory };
}
