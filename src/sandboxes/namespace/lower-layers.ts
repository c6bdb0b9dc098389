/** What sandboxes share and never change: the layers of templates, shown with shifted owners. Each is mounted once, for as long as there are sandboxes: a mount
 *  and an unmount for each of them would take longer than all else that is done for a root file system. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { mounts } from "../../platform/process/mounts.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

export interface LowerLayers {
  /** Of that directory as sandboxes see it. */
  pathOf(from: string, users: UserNamespaces): string;
  /** Those that are there go on: they have a hold of their own on what they started from. */
  clear(): void;
}

/** @param directory is made for them, and removed */
export function openLowerLayers(directory: string): LowerLayers {
  const mounted = new Map<string, string>();

  function mount(source: string, path: string, users: UserNamespaces): string {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    bindLayer(source, path, users);
    return path;
  }

  function clear(): void {
    mounted.clear();
    if (!existsSync(directory)) return;
    for (const name of readdirSync(directory)) unmountAndRemove(join(directory, name));
    rmdirSync(directory);
  }
  clear(); // of an agent that was killed

  return {
    pathOf(from, users) {
      const { dev, ino } = statSync(from); // a template of the same name may be another one by now
      const name = `${dev}-${ino}`;
      const path = mounted.get(name) ?? mount(from, join(directory, name), users);
      mounted.set(name, path);
      return path;
    },
    clear,
  };
}

/** @throws {YardError} precondition, where the kernel or the file system cannot do it */
export function bindLayer(source: string, target: string, users: UserNamespaces): void {
  try {
    mounts().bindShifted({ source, target, userNamespace: users.outer });
  } catch (cause) {
    const message = `The file system of ${source} cannot show files as others' here (${String(cause)})`;
    throw new YardError("precondition", `${message}: ext4, xfs and btrfs can, and tmpfs since Linux 6.3.`, { cause });
  }
}

function unmountAndRemove(path: string): void {
  unmountAll(path);
  rmdirSync(path);
}

/** However often something is mounted there. */
export function unmountAll(path: string): void {
  try {
    while (true) mounts().unmount(path);
  } catch {
    // nothing is mounted there any more
  }
}
