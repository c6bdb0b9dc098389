/** A file system of a test's own that can be filled to its last byte. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../src/platform/errors.ts";

export interface SmallDisk extends Disposable {
  fill(): void;
  free(): void;
  /** Has that many MB from now on. */
  grow(megabytes: number): void;
}

/** At `path`, in memory: only root may mount it. */
export function smallDisk(path: string, { megabytes = 64 } = {}): SmallDisk {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "runyard-test", path]);
  const filler = join(path, "filler");
  return {
    fill() {
      const file = openSync(filler, "w");
      try {
        for (const size of [1024 * 1024, 4096]) writeUntilFull(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    grow: (wanted) => void execFileSync("mount", ["-o", `remount,size=${wanted}m`, path]),
    [Symbol.dispose]: () => void execFileSync("umount", ["--lazy", path]),
  };
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (errnoOf(error) !== "ENOSPC") throw error;
  }
}
