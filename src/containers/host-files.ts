/** Files of stacks on a host that is not the control plane's own, for their containers to mount. */
import type { Readable } from "node:stream";

export interface FileSource {
  /** From the stack's directory, without a slash before it; empty: all of that. */
  readonly path: string;
  /** Of the tree that it is under its own name. */
  readonly digest: string;
  /** Some service may write to it. */
  readonly isWritable: boolean;
}

export interface FilePlace {
  readonly hostPath: string;
  /** Otherwise it is to be filled. */
  readonly isThere: boolean;
  /** Containers have written to what was there before: it stays, and what comes now does not take its place. */
  readonly isOwn: boolean;
}

export interface HostFiles {
  /** Where they are, or would be, in the order of the sources. Changes nothing. */
  find(stack: string, sources: readonly FileSource[]): Promise<readonly FilePlace[]>;
  /** All of it, or nothing. @param archive tar */
  fill(stack: string, source: FileSource, archive: Readable): Promise<void>;
  /** Removes its other places, but not those that containers have written to. */
  keepOnly(stack: string, hostPaths: readonly string[]): Promise<void>;
  /** With what its containers have left there. */
  remove(stack: string): Promise<void>;
}
