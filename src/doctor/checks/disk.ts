/** Room for what the yard keeps, and the right to write there. */
import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Finding } from "../finding.ts";

const gibibyte = 1024 ** 3;
/** Of the whole; and at least so much, as a small rest of a large disk is plenty. */
const [leastShare, leastBytes] = [0.1, 2 * gibibyte];

/** Of the file system that a directory is on, or will be. */
export async function checkDisk(directory: string): Promise<readonly Finding[]> {
  const path = existing(directory);
  const { blocks, bavail, bsize, files, ffree } = await statfs(path);
  const space = spaceOf(path, { freeBytes: bavail * bsize, totalBytes: blocks * bsize });
  const findings = isWritable(path) ? [space] : [closedTo(path), space];
  // Some file systems have no fixed number of files, and say 0.
  if (files > 0) findings.push(filesOf(path, { free: ffree, total: files }));
  return findings;
}

export function spaceOf(path: string, { freeBytes, totalBytes }: { freeBytes: number; totalBytes: number }): Finding {
  const name = "disk";
  const what = `${(freeBytes / gibibyte).toFixed(1)} GiB of ${(totalBytes / gibibyte).toFixed(1)} are free at ${path}.`;
  if (freeBytes >= leastBytes || freeBytes >= totalBytes * leastShare) return { name, state: "ok", what };
  const fix = "Make room there, or move the yard's directory to a larger disk (RUNYARD_DATA).";
  return { name, state: "warning", what, fix };
}

function filesOf(path: string, { free, total }: { free: number; total: number }): Finding {
  const name = "inodes";
  const what = `Room for ${free} more files of ${total} at ${path}.`;
  if (free >= total * leastShare || free > 1_000_000) return { name, state: "ok", what };
  return { name, state: "warning", what, fix: "Delete many small files there, or use a file system with more." };
}

function closedTo(path: string): Finding {
  const fix = "Run the yard as its owner, or let it have another directory (RUNYARD_DATA).";
  return { name: "directory", state: "warning", what: `This user may not write at ${path}.`, fix };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function existing(directory: string): string {
  return existsSync(directory) || dirname(directory) === directory ? directory : existing(dirname(directory));
}
