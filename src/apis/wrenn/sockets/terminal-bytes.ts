/** How a terminal's bytes go over its socket: as base64 in JSON frames, as the document has it, or as binary messages, as the SDK does since 0.3. A client
 *  does not say which it knows, but what it sends shows it. */
import type { SocketMessage } from "../../../platform/http/socket-channel.ts";
import { bytesOfBase64, readTerminalInput, type TerminalInput } from "./frames.ts";

export interface TerminalBytes {
  /** What a message asks for; bytes that were typed as `Buffer`. Undefined for what is nothing of this. */
  read(message: SocketMessage): Buffer | Exclude<TerminalInput, { type: "input" }> | undefined;
  /** Resolves at once, unless that is still to be waited for. */
  areBinary(): boolean | Promise<boolean>;
}

/** How long the first output waits for what the client types: programs mostly type at once. */
const learningMs = 500;

/** @param isEitherLikely the client may be one that cannot read the other form: nothing is sent before it is known, or the time has passed */
export function createTerminalBytes({ isEitherLikely }: { isEitherLikely: boolean }): TerminalBytes {
  const { promise: learned, resolve } = Promise.withResolvers<void>();
  let isKnown = !isEitherLikely;
  let isBinary = false;
  const timer = isKnown ? undefined : setTimeout(() => know(false), learningMs);

  function know(binary: boolean): void {
    isBinary = binary;
    isKnown = true;
    clearTimeout(timer);
    resolve();
  }

  return {
    read(message) {
      if (typeof message !== "string") {
        know(true);
        return message;
      }
      const frame = readTerminalInput(message);
      if (frame?.type !== "input") return frame;
      know(false);
      return bytesOfBase64(frame.data);
    },
    areBinary: () => (isKnown ? isBinary : learned.then(() => isBinary)),
  };
}
