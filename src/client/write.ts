import { once } from "node:events";
import type { Writable } from "node:stream";

/** Resolves when `output` takes more: a slow reader holds back the one who writes, and nothing piles up. Aborting ends the wait. */
export async function writeTo(output: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!output.write(bytes)) await once(output, "drain", { signal });
}
