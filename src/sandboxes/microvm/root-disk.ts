/** The disk of a machine, made of an archive of a root file system. The file system is never mounted on this host. */
import { execFile } from "node:child_process";
import { closeSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { asStorageError } from "../../platform/errors.ts";
import { bytesOnDisk } from "../namespace/disk-tools.ts";
import { unpackRoot } from "../namespace/unpack-root.ts";
import type { Programs } from "./programs.ts";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
const makeTimeoutMs = 30 * 60_000;
/** A journal, as a machine may be cut off at any moment and nobody but its kernel mends its disk; the smallest, as each capsule writes it. */
const journalMib = 4;

/** @param path of the disk, which is made   @returns its size, and how much of it is free
 *  @throws {YardError} invalid (`archive`), too_large, storage_full */
export async function makeRootDisk(
  { mkfs }: Programs,
  archive: AsyncIterable<Uint8Array>,
  path: string,
): Promise<{ diskBytes: number; freeBytes: number }> {
  const tree = `${path}.tree`;
  try {
    await unpackRoot(archive, tree);
    const used = await bytesOnDisk(tree);
    const diskBytes = Math.ceil((used * 1.15) / mebibyte + journalMib + 16) * mebibyte;
    writeFileSync(path, "", { mode: 0o600 });
    truncateSync(path, diskBytes);
    const settings = [
      "-b",
      "4096",
      "-m",
      "0",
      "-J",
      `size=${journalMib}`,
      "-E",
      "lazy_itable_init=1,lazy_journal_init=1",
    ];
    await run(mkfs, ["-q", "-F", ...settings, "-d", tree, path], { timeout: makeTimeoutMs });
    return { diskBytes, freeBytes: readFreeBytes(path) };
  } catch (error) {
    rmSync(path, { force: true });
    throw asStorageError(error, "The disk of the template cannot be made");
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Of the superblock: the lower half of the number of free blocks. @see ext4(5) */
function readFreeBytes(path: string): number {
  const superblock = Buffer.alloc(1024);
  const fd = openSync(path, "r");
  try {
    readSync(fd, superblock, 0, superblock.length, 1024);
  } finally {
    closeSync(fd);
  }
  return superblock.readUInt32LE(0x0c) * (1024 << superblock.readUInt32LE(0x18));
}
