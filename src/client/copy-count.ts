/** What a copy has done so far, told again and again. */
import type { Transferred } from "./trees.ts";

export interface CopyOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (soFar: Transferred) => void;
  /** Told of what cannot be copied and is left out, and why. */
  readonly onSkipped: (path: string, why: string) => void;
}

export interface CopyCount {
  entry(): void;
  /** The same bytes, counted as they go by. */
  bytes<Part extends Uint8Array>(content: AsyncIterable<Part>): AsyncGenerator<Part, void>;
  soFar(): Transferred;
}

export function createCopyCount({ onProgress }: Pick<CopyOptions, "onProgress">): CopyCount {
  let [entries, bytes] = [0, 0];
  return {
    entry() {
      entries += 1;
      onProgress({ entries, bytes });
    },
    async *bytes(content) {
      for await (const part of content) {
        bytes += part.length;
        onProgress({ entries, bytes });
        yield part;
      }
    },
    soFar: () => ({ entries, bytes }),
  };
}
