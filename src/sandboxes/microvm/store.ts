/** The frozen files that machines start from: layers of disks, and memory images. Nobody changes one that is here; any number of machines share it. One that nothing
 *  names any more is removed. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, unlink } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Accelerator } from "./accelerator.ts";
import type { DiskFile, MachineShape } from "./emulator-arguments.ts";
import type { MemoryImage } from "./memory-image.ts";
import { runQemuImg } from "./qemu-img.ts";

/** A memory image, and all that a machine must be like to take it. */
export interface SavedMemory {
  readonly file: string;
  readonly image: MemoryImage;
  readonly shape: MachineShape;
  readonly system: System;
  /** Version of the emulator that has saved it, which may be another one than is installed by now; absent of what was saved before that was kept. */
  readonly qemu?: string;
}

/** What a machine runs on and starts with. */
export interface System {
  /** Hashes, by which the files are named. */
  readonly kernel: string;
  readonly initrd: string;
  readonly accelerator: Accelerator;
  /** Its hardware, in QEMU's word for it. Each QEMU has one of its own, and still makes those of earlier ones: what was saved before an upgrade goes on after it. */
  readonly machine: string;
}

/** What a machine can start from. */
export interface Ground {
  /** Names of its disk's layers, the lowest first. */
  readonly layers: readonly string[];
  /** Size of the disk as the machine sees it. */
  readonly diskBytes: number;
  /** Of those, what its file system has not given out. */
  readonly freeBytes: number;
  /** Absent: it boots. */
  readonly memory?: SavedMemory;
}

export interface Store {
  readonly directory: string;
  newName(kind: "disk" | "memory"): string;
  pathOf(name: string): string;
  layers(names: readonly string[]): DiskFile[];
  /** Takes a file in, which nobody changes from here on. */
  take(path: string, name: string): void;
  has(name: string): boolean;
  /** On disk. */
  sizeOf(ground: Ground): number;
  /** Until then nothing is removed: what is being made is not named yet. */
  hold(): Disposable;
  /** Removes what nothing names. */
  collect(): void;
}

/** The emulator opens each of them. */
const mostLayers = 100;

const goneMark = "gone_";

/** @param named all that is still needed */
export function openStore(directory: string, named: () => readonly string[]): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let holds = 0;
  const pathOf = (name: string) => join(directory, name);
  /** It is out of the way at once. What it takes of the disk goes after that, without anybody who waits for it; the next collection finds what was left. */
  function remove(name: string): void {
    const gone = name.startsWith(goneMark) ? name : `${goneMark}${name}`;
    if (gone !== name) renameSync(pathOf(name), pathOf(gone));
    unlink(pathOf(gone), () => {});
  }
  const store: Store = {
    directory,
    newName: (kind) => newId(kind), // an emulator takes names of 31 characters
    pathOf,
    layers(names) {
      if (names.length > mostLayers) {
        throw new YardError(
          "precondition",
          `A disk can have ${mostLayers} layers: it was captured too often in a row.`,
        );
      }
      return names.map((id) => ({ id, path: pathOf(id) }));
    },
    take(path, name) {
      chownSync(path, 0, 0);
      chmodSync(path, 0o444);
      renameSync(path, pathOf(name));
    },
    has: (name) => existsSync(pathOf(name)),
    sizeOf({ layers, memory }) {
      const names = memory ? [...layers, memory.file] : layers;
      return names.reduce((sum, name) => sum + statSync(pathOf(name)).blocks * 512, 0);
    },
    hold() {
      holds++;
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (isHeld) holds--;
          isHeld = false;
        },
      };
    },
    collect() {
      if (holds > 0) return;
      const needed = new Set(named());
      for (const name of readdirSync(directory)) if (!needed.has(name)) remove(name);
    },
  };
  return store;
}

export function namesOf({ layers, memory }: Ground): string[] {
  return memory ? [...layers, memory.file] : [...layers];
}

/** A layer of nothing, to be written to by that user. What lies below is said to the emulator, not here. */
export async function makeTopLayer(
  qemuImg: string,
  path: string,
  { diskBytes, uid }: { diskBytes: number; uid: number },
): Promise<void> {
  const what = "The disk of the machine cannot be made";
  await runQemuImg(qemuImg, ["create", "-q", "-f", "qcow2", path, `${diskBytes}`], what);
  chownSync(path, uid, uid);
  chmodSync(path, 0o600);
}
