/** A sandbox on its way to another host, while nothing of it runs: what it is, and the parts that its files are sent as. Between the hosts there are plain data and
 *  streams alone. A part is named by its content, too: a host that has it already need not be sent it. */
import type { Readable } from "node:stream";
import type { Limits, SandboxHandle } from "./sandbox.ts";

export interface SandboxImage {
  readonly driver: string;
  readonly version: 1;
  readonly id: string;
  /** As it was made with, so that whoever has asked for it can see that it is that one. */
  readonly limits: Limits;
  /** The driver's own: nobody else reads it. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly parts: readonly ImagePart[];
}

export interface ImagePart {
  /** Letters, digits, `_`, `-`, `.`; no other part of the image has it. */
  readonly name: string;
  /** Of its content, holes among it. */
  readonly bytes: number;
  /** SHA-256 of its content, in hexadecimal. */
  readonly hash: string;
  /** What it takes on a disk. */
  readonly diskBytes: number;
}

/** Where it comes from. */
export interface Departure {
  /** As it is now. It goes on being here. @throws {YardError} precondition, if something of it runs, or its memory does not belong to its disk any more */
  image(): Promise<SandboxImage>;
  /** The content of a part, packed (zstd): holes and zeros take next to nothing. One that has changed since is refused where it arrives.
   *  @throws {YardError} not_found */
  part(name: string): Promise<Readable>;
}

/** Where it goes to. What has arrived waits until it is complete; a restart of the agent forgets it. */
export interface Arrivals {
  /** Ids of those that have begun and are not complete. */
  list(): Promise<readonly string[]>;
  /** Twice is once. @returns the names of the parts that are not here
   *  @throws {YardError} precondition, if it could not go on here, and why not; conflict, if there is a sandbox of that id; storage_full */
  begin(image: SandboxImage): Promise<readonly string[]>;
  /** All of a part, packed, or nothing. Resolves when it is on the disk.
   *  @throws {YardError} not_found, unless it has begun; invalid (`part`), if the content is not what it should be; storage_full */
  put(id: string, part: Omit<ImagePart, "diskBytes">, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** From here on it is a sandbox of this host, as it was left, and on the disk. Twice is once.
   *  @throws {YardError} precondition, if parts are missing: begin anew; storage_full. Then it is no sandbox */
  complete(image: SandboxImage): Promise<SandboxHandle>;
  /** What has arrived goes. Nothing, if there is none. */
  abandon(id: string): Promise<void>;
}
