/** A stream of text into a log, as fast as it comes, with the page redrawn once per frame. */
import type { LogStore } from "./log-store.ts";

/** @param onBytes told how many have come, as they come. Resolves when the stream has ended. @throws when it has broken off */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  store: LogStore,
  onBytes: (count: number) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let pending = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    store.append(pending);
    pending = "";
  };
  try {
    for await (const bytes of chunksOf(body)) {
      onBytes(bytes.length);
      pending += decoder.decode(bytes, { stream: true });
      // Not by animation frames: those stand still while the page is hidden, and the text would pile up.
      timer ??= setTimeout(flush, 16);
    }
  } finally {
    clearTimeout(timer);
    flush();
  }
}

/** Not every browser can iterate over a stream itself. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    reader.releaseLock();
  }
}
