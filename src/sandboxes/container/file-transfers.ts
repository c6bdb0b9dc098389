/** A way for the bytes of files that is quicker than the attendant's stream, and knows nothing of paths: the attendant opens what is asked for, as it always does, and
 *  the bytes go to or from its descriptor. So what may be reached, and what becomes of links, is decided in one place. */

/** Of a process inside, by the number that it has there. */
export interface Descriptor {
  readonly pid: number;
  readonly fd: number;
}

export interface OpenTransfer extends AsyncDisposable {
  /** That many bytes from the beginning; fewer, if it has become shorter. */
  read(size: number): AsyncGenerator<Buffer>;
  /** From its beginning. Resolves when all is there. @throws {Unwritten} @throws whatever `pieces` throws; then nothing is on its way any more */
  write(pieces: AsyncIterable<Buffer>): Promise<number>;
}

export interface FileTransfers {
  /** Undefined, if the sandbox has no such way, or it cannot be used now. */
  open(descriptor: Descriptor, access: "read" | "write"): Promise<OpenTransfer | undefined>;
}

/** These bytes were not written. */
export class Unwritten extends Error {
  override readonly name = "Unwritten";
  readonly position: number;
  readonly bytes: Buffer;

  constructor(position: number, bytes: Buffer, options: ErrorOptions) {
    super(`${bytes.length} bytes at ${position} were not written`, options);
    this.position = position;
    this.bytes = bytes;
  }
}
