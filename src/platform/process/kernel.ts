/** The system calls of namespaces, mounts and confined paths, which Node lacks, through koffi. Linux only; numbers are those that every architecture shares. */
import { closeSync } from "node:fs";
import { createRequire } from "node:module";
import { getSystemErrorName } from "node:util";

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_RDONLY = 0x1n;
const MOUNT_ATTR_IDMAP = 0x100000n;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MNT_DETACH = 2;
const CLONE_NEWPID = 0x20000000;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const O_CLOEXEC = 0o2000000;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

const SYS_open_tree = 428;
const SYS_move_mount = 429;
const SYS_openat2 = 437;
const SYS_mount_setattr = 442;

type Kernel = ReturnType<typeof load>;
let loaded: Kernel | undefined;

/** @throws an error where koffi has no build for this machine */
export function kernel(): Kernel {
  loaded ??= load();
  return loaded;
}

function load() {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library = koffi.load(null);
  const check = (what: string, result: unknown): number => {
    const value = Number(result);
    if (value >= 0) return value;
    const code = getSystemErrorName(-koffi.errno());
    throw Object.assign(new Error(`${what}: ${code}`), { code, syscall: what });
  };
  koffi.struct("sock_fprog", { length: "uint16_t", filter: "uint8_t *" });
  const openTree = library.func("long syscall(long number, int directory, const char *path, unsigned int flags)");
  const withStructure = library.func(
    "long syscall(long number, int directory, const char *path, unsigned long flags, void *value, size_t size)",
  );
  const open = library.func("long syscall(long number, int directory, const char *path, void *how, size_t size)");
  const moveMount = library.func(
    "long syscall(long number, int from, const char *path, int to, const char *target, unsigned int flags)",
  );
  const mount = library.func(
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
  );
  const umount = library.func("int umount2(const char *target, int flags)");
  const setns = library.func("int setns(int fd, int type)");
  const prctl = library.func(
    "int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)",
  );
  const setFilter = library.func("int prctl(int option, unsigned long mode, sock_fprog *program)");
  const pipe2 = library.func("int pipe2(_Out_ int *ends, int flags)");
  const ioctl = library.func("int ioctl(int fd, unsigned long request, void *value)");

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
          withStructure(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, attributes, attributes.length),
        );
        check("move_mount", moveMount(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
      } finally {
        closeSync(tree);
      }
    },
    mountOverlay: (target: string, options: string) =>
      void check("mount", mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options)),
    /** At once for whoever looks, for real when nothing uses it any more. */
    unmount: (target: string) => void check("umount", umount(target, MNT_DETACH)),
    /** Children that this thread starts from now on are in that namespace. */
    enterPidNamespace: (fd: number) => void check("setns", setns(fd, CLONE_NEWPID)),
    /** This thread, and all it starts, keep to the filter for ever and gain no rights by executing anything. */
    confineThread(filter: Buffer): void {
      check("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
      check("seccomp", setFilter(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { length: filter.length / 8, filter }));
    },
    /** Opens `path` as if `root` were the root directory: neither links nor `..` lead out of it, whoever changes them meanwhile. */
    openInRoot(root: number, path: string, { flags, mode = 0 }: { flags: number; mode?: number }): number {
      const how = Buffer.alloc(24);
      how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
      how.writeBigUInt64LE(BigInt(mode), 8);
      how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16);
      return check("openat2", open(SYS_openat2, root, path, how, how.length));
    },
    /** Both ends close-on-exec. */
    pipe(): { readEnd: number; writeEnd: number } {
      const ends = [0, 0];
      check("pipe2", pipe2(ends, O_CLOEXEC));
      return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
    },
    /** Unlocks the other side of a terminal's master. @returns its number */
    terminalNumber(master: number): number {
      const value = Buffer.alloc(4);
      check("TIOCSPTLCK", ioctl(master, TIOCSPTLCK, value));
      check("TIOCGPTN", ioctl(master, TIOCGPTN, value));
      return value.readInt32LE(0);
    },
    setTerminalSize(master: number, { cols, rows }: { cols: number; rows: number }): void {
      const size = Buffer.alloc(8);
      size.writeUInt16LE(rows, 0);
      size.writeUInt16LE(cols, 2);
      check("TIOCSWINSZ", ioctl(master, TIOCSWINSZ, size));
    },
  };
}
