/** The system calls of mounts, which Node lacks, of the C library: mount(8) is a program to be started, and takes five times as long as what it does. Linux only; numbers
 *  are those that every architecture shares. @see mount(2), mount_setattr(2) */
import { closeSync } from "node:fs";
import { aside, cLibrary } from "./c-library.ts";

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_RDONLY = 0x1n;
const MOUNT_ATTR_IDMAP = 0x100000n;
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_REMOUNT = 0x20;
const MS_NOATIME = 0x400;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;
const ext4Flags = MS_NODEV | MS_NOSUID | MS_NOATIME;

const SYS_open_tree = 428;
const SYS_move_mount = 429;
const SYS_mount_setattr = 442;

type MountCall = readonly [source: string, target: string, type: string | null, flags: number, options: string | null];

/** Directories. */
export interface Overlay {
  /** The topmost first. */
  readonly lower: readonly string[];
  readonly upper: string;
  /** Empty, on the file system of `upper`. */
  readonly work: string;
}

const escaped = (path: string) => path.replace(/[\\,:]/g, "\\$&");

type Mounts = ReturnType<typeof load>;
let loaded: Mounts | undefined;

/** @throws an error where koffi has no build for this machine */
export function mounts(): Mounts {
  loaded ??= load();
  return loaded;
}

function load() {
  const { declare, check } = cLibrary();
  const openTree = declare("long syscall(long number, int directory, const char *path, unsigned int flags)");
  const setAttributes = declare(
    "long syscall(long number, int directory, const char *path, unsigned long flags, void *value, size_t size)",
  );
  const moveMount = declare(
    "long syscall(long number, int from, const char *path, int to, const char *target, unsigned int flags)",
  );
  const mount = declare(
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
  );
  const umount = declare("int umount2(const char *target, int flags)");

  async function mountAside(...call: MountCall): Promise<void> {
    const isMounted = (await aside(mount, call)) === 0;
    if (!isMounted) check("mount", mount(...call)); // the reason is known to the thread that made the call
  }

  return {
    /** Shows a directory (without what is mounted below it) read-only at `target`, its owners shifted as the user namespace maps them. */
    bindShifted({ source, target, userNamespace }: { source: string; target: string; userNamespace: number }): void {
      const tree = check("open_tree", openTree(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
      try {
        const attributes = Buffer.alloc(32);
        attributes.writeBigUInt64LE(MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY, 0);
        attributes.writeBigUInt64LE(BigInt(userNamespace), 24);
        check(
          "mount_setattr",
          setAttributes(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, attributes, attributes.length),
        );
        check("move_mount", moveMount(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
      } finally {
        closeSync(tree);
      }
    },
    mountOverlay(target: string, { lower, upper, work }: Overlay): void {
      const options = `lowerdir=${lower.map(escaped).join(":")},upperdir=${escaped(upper)},workdir=${escaped(work)}`;
      check("mount", mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options));
    },
    /** Shows a file in a second place, `target`, which is there already. */
    mountAt: (source: string, target: string) => void check("mount", mount(source, target, null, MS_BIND, null)),
    /** A device's ext4, while this thread goes on. @param options of ext4, as /proc/mounts shows them */
    mountExt4: (device: string, target: string, { readOnly, options }: { readOnly: boolean; options?: string }) =>
      mountAside(device, target, "ext4", ext4Flags | (readOnly ? MS_RDONLY : 0), options ?? null),
    /** The same directory once more, read-only, at a place of its own, while this thread goes on. */
    async bindReadOnly(source: string, target: string): Promise<void> {
      await mountAside(source, target, null, MS_BIND, null);
      await mountAside("none", target, null, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV | MS_NOSUID, null);
    },
    /** At once for whoever looks, for real when nothing uses it any more. */
    unmount: (target: string) => void check("umount", umount(target, MNT_DETACH)),
    /** With all that is mounted below it, while this thread goes on: it waits for every processor.
     *  @returns whether something was mounted there */
    unmountTree: async (target: string): Promise<boolean> => (await aside(umount, [target, MNT_DETACH])) === 0,
  };
}
