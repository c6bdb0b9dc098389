/** The few system calls that Node lacks, through koffi. It costs some 9 MB of memory, so nothing loads it before it is needed. */
import { createRequire } from "node:module";

export interface Libc {
  /** Gives the disk space of a range back; size and positions of the file stay. @returns whether the file system can do it */
  punchHole(fd: number, offset: number, length: number): boolean;
  /** Offset of the first byte that is not in a hole, or undefined if there is none. */
  firstData(fd: number): number | undefined;
  /** No program started later inherits this descriptor. */
  closeOnExec(fd: number): void;
  /** A second descriptor of the same open file, close-on-exec. */
  duplicate(fd: number): number;
  /** Takes the exit status of one dead child that nobody else waits for. */
  reap(pid: number): void;
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const SEEK_DATA = 3;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;
const WNOHANG = 1;

let loaded: Libc | null | undefined;

/** @returns undefined where there is no such library: callers have a fallback, or say what is missing. */
export function libc(): Libc | undefined {
  loaded ??= process.platform === "linux" ? load() : null;
  return loaded ?? undefined;
}

function load(): Libc | null {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const library = koffi.load(null);
    const fallocate = library.func("int fallocate(int fd, int mode, int64_t offset, int64_t length)");
    const lseek = library.func("int64_t lseek(int fd, int64_t offset, int whence)");
    const fcntl = library.func("int fcntl(int fd, int command, ...)");
    const waitpid = library.func("int waitpid(int pid, void *status, int options)");
    return {
      punchHole: (fd, offset, length) =>
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) === 0,
      firstData: (fd) => {
        const offset = Number(lseek(fd, 0, SEEK_DATA));
        return offset < 0 ? undefined : offset;
      },
      closeOnExec: (fd) => void fcntl(fd, F_SETFD, "int", FD_CLOEXEC),
      duplicate: (fd) => Number(fcntl(fd, F_DUPFD_CLOEXEC, "int", 3)),
      reap: (pid) => void waitpid(pid, null, WNOHANG),
    };
  } catch {
    return null; // koffi ships no build for this machine
  }
}
