/** A file that is written from a stream of small pieces, as they come in over a network, at the speed of the disk. */
import type { FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";

/** What arrives comes in pieces of 64 KiB or less; each write to the disk costs a trip through the thread pool. */
const batchBytes = 1024 * 1024;
const mostPieces = 512;

export interface BatchedWriterOptions {
  /** Looks at each piece before it is written; what it throws ends the stream. */
  check(piece: Buffer): void;
  /** Makes of an error of the disk what is told. */
  fault(error: unknown): unknown;
  /** The pieces are given away: their memory is given back as soon as they are written. */
  readonly ownsPieces: boolean;
}

/** Appends to the file in batches of at least 1 MiB, one of them while the next arrives. Does not close the handle; once the stream is closed nothing is
 *  written to it any more. */
export function createBatchedWriter(handle: FileHandle, { check, fault, ownsPieces }: BatchedWriterOptions): Writable {
  let batch: Buffer[] = [];
  let batched = 0;
  let writing: Promise<void> = Promise.resolve();

  function writeBatch(): void {
    const full = batch;
    batch = [];
    batched = 0;
    writing = writing.then(() => writeAll(handle, full));
    if (ownsPieces) writing = writing.then(() => full.forEach(release));
    writing.catch(() => {}); // whoever waits for it is told: the next write, or the end
  }

  /** Calls back when what was being written is. */
  function after(before: Promise<void>, done: (error?: Error) => void): void {
    before.then(
      () => done(),
      (error: unknown) => done(asError(fault(error))),
    );
  }

  return new Writable({
    highWaterMark: batchBytes,
    write(piece: Buffer, _encoding, done) {
      try {
        check(piece);
      } catch (error) {
        return done(asError(error));
      }
      batch.push(piece);
      batched += piece.length;
      if (batched < batchBytes && batch.length < mostPieces) return done();
      const before = writing;
      writeBatch();
      after(before, done);
    },
    final(done) {
      writeBatch();
      after(writing, done);
    },
    destroy(error, done) {
      const close = () => done(error);
      writing.then(close, close); // the handle is not closed under a write
    },
  });
}

async function writeAll(handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  if (pieces.length === 0) return;
  const { bytesWritten } = await handle.writev(pieces);
  if (bytesWritten === pieces.reduce((sum, piece) => sum + piece.length, 0)) return;
  let rest = Buffer.concat(pieces).subarray(bytesWritten); // a disk that fills up takes a part first, and then says so
  while (rest.length > 0) rest = rest.subarray((await handle.write(rest)).bytesWritten);
}

/** Gives a piece's memory back now, not at some collection to come: V8 collects the whole heap for every 64 MiB of buffers, and that was half of
 *  the CPU time of an upload (2.6 s a GiB with it, 1.0 s without). A piece that shares its memory with others is left alone. */
function release({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
