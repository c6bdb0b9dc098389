/** The system calls of namespaces, confined paths and devices, which Node lacks, of the C library (those of mounts: mounts.ts). Linux only; numbers are those that every
 *  architecture shares. */
import { aside, cLibrary } from "./c-library.ts";
import { enterNamespace, thenBack } from "./thread-namespaces.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const O_CLOEXEC = 0o2000000;
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

const SYS_openat2 = 437;

type Kernel = ReturnType<typeof load>;
let loaded: Kernel | undefined;

/** @throws an error where koffi has no build for this machine */
export function kernel(): Kernel {
  loaded ??= load();
  return loaded;
}

function load() {
  const { declare, declareStructure, check } = cLibrary();
  declareStructure("sock_fprog", { length: "uint16_t", filter: "uint8_t *" });
  const open = declare("long syscall(long number, int directory, const char *path, void *how, size_t size)");
  const sethostname = declare("int sethostname(const char *name, size_t length)");
  const prctl = declare("int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)");
  const setFilter = declare("int prctl(int option, unsigned long mode, sock_fprog *program)");
  const pipe2 = declare("int pipe2(_Out_ int *ends, int flags)");
  const getxattr = declare("long lgetxattr(const char *path, const char *name, void *value, size_t size)");
  const ioctl = declare("int ioctl(int fd, unsigned long request, void *value)");
  const control = (name: string, fd: number, request: number, value: Buffer | null) =>
    check(name, ioctl(fd, request, value));

  return {
    /** Of a namespace of host names, which this thread enters for that moment. */
    setHostname(utsNamespace: number, name: string): void {
      thenBack("uts", () => {
        enterNamespace("uts", utsNamespace);
        check("sethostname", sethostname(name, name.length));
      });
    },
    /** Children that this thread starts from now on are in that namespace. */
    enterPidNamespace: (fd: number) => enterNamespace("pid", fd),
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
    /** An extended attribute of a file, or of the link itself; undefined, if it has none of that name. */
    attribute(path: string, name: string): Buffer | undefined {
      const value = Buffer.alloc(256);
      const length = Number(getxattr(path, name, value, value.length));
      return length < 0 ? undefined : value.subarray(0, length);
    },
    /** Both ends close-on-exec. */
    pipe(): { readEnd: number; writeEnd: number } {
      const ends = [0, 0];
      check("pipe2", pipe2(ends, O_CLOEXEC));
      return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
    },
    /** What only a device's driver knows. @param name of the request, for errors. @see ioctl(2) */
    control,
    /** The same, while this thread goes on. What fails is tried once more by this one, which is then told why. */
    async controlAside(name: string, fd: number, request: number, value: Buffer | null): Promise<number> {
      const result = Number(await aside(ioctl, [fd, request, value]));
      return result < 0 ? control(name, fd, request, value) : result;
    },
    /** Unlocks the other side of a terminal's master. @returns its number */
    terminalNumber(master: number): number {
      const value = Buffer.alloc(4);
      control("TIOCSPTLCK", master, TIOCSPTLCK, value);
      control("TIOCGPTN", master, TIOCGPTN, value);
      return value.readInt32LE(0);
    },
    setTerminalSize(master: number, { cols, rows }: { cols: number; rows: number }): void {
      const size = Buffer.alloc(8);
      size.writeUInt16LE(rows, 0);
      size.writeUInt16LE(cols, 2);
      control("TIOCSWINSZ", master, TIOCSWINSZ, size);
    },
  };
}
