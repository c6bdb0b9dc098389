/** Measures content on its way into a store. */
import { createHash } from "node:crypto";
import { YardError } from "../errors.ts";
import type { PutOptions } from "./blob-store.ts";

export interface ContentMeter {
  /** @throws {YardError} too_large, with the piece that is too much */
  take(piece: Uint8Array): void;
  /** @throws {YardError} invalid, when it was less than it should be */
  end(): { readonly bytes: number; readonly sha256: string };
}

export function createMeter({ maxBytes, bytes: expected }: Pick<PutOptions, "maxBytes" | "bytes">): ContentMeter {
  const hash = createHash("sha256");
  const most = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, expected ?? Number.POSITIVE_INFINITY);
  let bytes = 0;
  return {
    take(piece) {
      bytes += piece.byteLength;
      if (bytes > most) throw new YardError("too_large", `The content is larger than ${most} bytes.`);
      hash.update(piece);
    },
    end() {
      if (expected !== undefined && bytes !== expected)
        throw new YardError("invalid", `The content ended after ${bytes} of ${expected} bytes.`);
      return { bytes, sha256: hash.digest("hex") };
    },
  };
}

/** The same pieces, measured. */
export async function* measured(
  content: AsyncIterable<Uint8Array>,
  { take }: Pick<ContentMeter, "take">,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of content) {
    take(piece);
    yield piece;
  }
}
