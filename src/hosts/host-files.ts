/** Files of a host as the control plane's APIs see them: read from where they are, put where they belong, always as a stream. */
import type { Writable } from "node:stream";

/** Whatever a path leads to, what counts is what is really opened: a place that is closed to the API stays so behind links, `..` and
 *  directories that are swapped meanwhile. All of them throw `invalid` (field `path`) for a path that cannot be one, `forbidden` for a closed
 *  place or missing rights, and `storage_full`. */
export interface HostFiles {
  /** Opens a regular file. Nothing else is ever opened, not even for a moment. @throws {YardError} not_found */
  open(path: string): Promise<HostFile>;
  /** Begins a new file in a directory that exists. Until it is published there is nothing at `path`.
   *  @throws {YardError} invalid, also for a path that is taken */
  create(path: string, options: { maxBytes: number }): Promise<NewHostFile>;
}

/** An open file, as it was when it was opened; whoever opened it disposes of it. */
export interface HostFile extends AsyncDisposable {
  /** The last part of its path, as it was asked for. */
  readonly name: string;
  readonly bytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  /** Writes exactly these bytes to `target`, in chunks of 1 MiB whose memory is used again once the target has taken them: a target that keeps
   *  them must copy them. Does not end the target. @throws {YardError} interrupted, if the file has become shorter or the target is closed */
  sendTo(target: Writable, range: ByteRange): Promise<void>;
}

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** Disposing of it before it was published leaves nothing. */
export interface NewHostFile extends AsyncDisposable {
  /** Takes the content, and the buffers that it comes in: their memory is given back once they are written. Fails with `too_large` beyond the limit, and `storage_full`. */
  readonly content: Writable;
  /** Once `content` has finished: makes the file appear, whole and on the disk, or not at all. Never replaces what is there by now.
   *  @throws {YardError} invalid, if the path was taken meanwhile */
  publish(attributes: FileAttributes): Promise<void>;
}

export interface FileAttributes {
  /** Permission bits; those that change who a program runs as are left out. */
  readonly mode: number;
  /** Name or number; given as far as this process may. */
  readonly user?: string;
  readonly group?: string;
}
