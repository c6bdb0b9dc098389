/** What a script prints, on its way out: collected for a moment, since one line each would cost a system call each, and counted. */

const batchBytes = 16 * 1024;
/** How long a line may wait while the script goes on. */
const longestHoldMs = 20;

export interface EngineOutput {
  /** @returns false once the limit is reached; what was over it is dropped */
  print(text: string): boolean;
  flush(): void;
  /** To be called now and then. */
  flushIfOld(nowMs: number): void;
}

export function createEngineOutput(limitBytes: number, write: (bytes: Uint8Array) => void): EngineOutput {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writtenMs = Number.NEGATIVE_INFINITY;
  let leftBytes = limitBytes;

  function flush(): void {
    if (waitingBytes > 0) write(Buffer.concat(waiting));
    waiting = [];
    waitingBytes = 0;
    writtenMs = performance.now();
  }

  return {
    flush,
    print(text) {
      const bytes = Buffer.from(text).subarray(0, leftBytes);
      waiting.push(bytes);
      waitingBytes += bytes.length;
      leftBytes -= bytes.length;
      // After a pause at once: the script may do something long next.
      if (waitingBytes >= batchBytes || performance.now() - writtenMs > longestHoldMs) flush();
      return leftBytes > 0;
    },
    flushIfOld(nowMs) {
      if (waitingBytes > 0 && nowMs - writtenMs > longestHoldMs) flush();
    },
  };
}
