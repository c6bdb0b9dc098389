/** Tells whether a disk is as it was when a memory was saved: of another one, or one that was written to since, a machine would believe what is not so. */
import { statSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";

/** Its last layer, when that was written to. */
export interface DiskStamp {
  readonly layer: string;
  readonly sizeBytes: number;
  /** Nanoseconds, as text. */
  readonly changedAt: string;
}

/** @param path of its last layer */
export function stampOf(path: string, layers: readonly string[]): DiskStamp {
  const { size, mtimeNs } = statSync(path, { bigint: true });
  return { layer: layers.at(-1) ?? "", sizeBytes: Number(size), changedAt: `${mtimeNs}` };
}

/** @throws {YardError} precondition */
export function requireSameDisk(stamp: DiskStamp, path: string, layers: readonly string[]): void {
  const now = stampOf(path, layers);
  if (now.layer === stamp.layer && now.sizeBytes === stamp.sizeBytes && now.changedAt === stamp.changedAt) return;
  const message = "The disk of the machine has changed since its memory was saved: it can only be started anew.";
  throw new YardError("precondition", message);
}
