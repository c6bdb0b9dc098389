/** Takes a stream apart: lines, then as many bytes as were announced, then lines again. */
import type { Readable } from "node:stream";

export interface ByteReader {
  /** Without its line feed; undefined at the end of the stream. */
  line(): Promise<string | undefined>;
  /** Up to and with `mark`; undefined, if the stream ends before. */
  until(mark: string, options: { mostBytes: number }): Promise<Buffer | undefined>;
  /** Pieces of that many bytes in all; fewer, if the stream ends before. */
  take(length: number): AsyncGenerator<Buffer>;
  /** All that follows. */
  rest(): AsyncGenerator<Buffer>;
  /** A stream tells of its end only to who reads it: where nothing is expected, this reads ahead. */
  watch(): void;
  hasEnded(): boolean;
}

const mostLineBytes = 64 * 1024;

export function createByteReader(stream: Readable): ByteReader {
  const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  let held: Buffer = Buffer.alloc(0);
  let ended = false;
  let pulling: Promise<boolean> | undefined;
  stream.once("end", () => {
    ended = true;
  });

  async function pull(): Promise<boolean> {
    const { done, value } = await pieces.next();
    if (done) ended = true;
    else held = held.length > 0 ? Buffer.concat([held, value]) : value;
    return !done;
  }

  /** @returns whether there was more */
  function more(): Promise<boolean> {
    pulling ??= pull().finally(() => {
      pulling = undefined;
    });
    return pulling;
  }

  async function until(mark: string, { mostBytes }: { mostBytes: number }): Promise<Buffer | undefined> {
    for (let from = 0; ; ) {
      const at = held.indexOf(mark, from);
      if (at >= 0) {
        const found = held.subarray(0, at + mark.length);
        held = held.subarray(at + mark.length);
        return found;
      }
      from = Math.max(0, held.length - mark.length);
      if (held.length > mostBytes || !(await more())) return undefined;
    }
  }

  async function* rest(): AsyncGenerator<Buffer> {
    do {
      const piece = held;
      held = Buffer.alloc(0);
      if (piece.length > 0) yield piece;
    } while (await more());
  }

  return {
    line: async () => (await until("\n", { mostBytes: mostLineBytes }))?.subarray(0, -1).toString(),
    until,
    async *take(length) {
      for (let left = length; left > 0; ) {
        if (held.length === 0 && !(await more())) return;
        const piece = held.subarray(0, left);
        held = held.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
    rest,
    watch: () => void more().catch(() => {}),
    hasEnded: () => ended,
  };
}
