/** The programs that can be downloaded; whoever composes the yard has them. */
import type { Readable } from "node:stream";

/** In the order in which they are listed. */
export const platforms = ["linux-x86_64", "linux-aarch64", "macos-aarch64"] as const;
export type Platform = (typeof platforms)[number];

export interface Programs {
  /** Undefined: there is none for that platform. Whoever opens it disposes of it. */
  open(platform: Platform): Promise<Program | undefined>;
}

export interface Program extends AsyncDisposable {
  readonly bytes: number;
  /** Nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  /** These bytes, once. */
  read(range: { readonly start: number; readonly length: number }): Readable;
}
