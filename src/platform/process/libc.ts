/** What processes and their output files need of the C library, where there is one. */
import { aside, type CLibrary, cLibrary } from "./c-library.ts";

export interface Libc {
  /** Gives the disk space of a range back; size and positions of the file stay. @returns whether the file system can do it */
  punchHole(fd: number, offset: number, length: number): boolean;
  /** Offset of the first byte that is not in a hole, or undefined if there is none. */
  firstData(fd: number): number | undefined;
  /** No program started later inherits this descriptor. */
  closeOnExec(fd: number): void;
  /** A second descriptor of the same open file, close-on-exec, with the lowest free number from `least` (3) on. */
  duplicate(fd: number, least?: number): number;
  /** Whether somebody else has the file open for writing; false where the file system cannot tell. It must be opened for reading alone. */
  isOpenForWriting(fd: number): boolean;
  /** The status of a dead child as wait(2) encodes it, which is taken by asking; undefined while it lives, or if it is none of ours. */
  wait(pid: number): number | undefined;
  /** posix_spawn(3): see posix-spawn.ts. Missing where the library is too old for it. */
  readonly spawn?: (request: RawSpawnRequest) => RawSpawned;
  /** The same on another thread: the caller's own goes on while the child is on its way to its program, which on a busy machine takes milliseconds. */
  readonly spawnAside?: (request: RawSpawnRequest) => Promise<RawSpawned>;
}

export interface RawSpawned {
  readonly pid: number;
  readonly errno: number;
}

export interface RawSpawnRequest {
  readonly file: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Sources of the child's descriptors from 0 on. */
  readonly stdio: readonly number[];
  /** Opened as descriptor 0 in the child's new session, which makes it that session's terminal, and copied to 1 and 2; in place of `stdio`. */
  readonly terminal?: string;
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const SEEK_DATA = 3;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const O_RDWR = 2;
const F_DUPFD_CLOEXEC = 1030;
/** A lease for reading is refused while anybody has the file open for writing: fcntl(2). */
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
const WNOHANG = 1;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** Larger than the structures of any C library (glibc's are 80 and 336 bytes, its signal set 128). */
const structureBytes = 512;

type Declare = CLibrary["declare"];

let loaded: Libc | null | undefined;

/** @returns undefined where there is no such library: callers have a fallback, or say what is missing. */
export function libc(): Libc | undefined {
  loaded ??= process.platform === "linux" ? load() : null;
  return loaded ?? undefined;
}

function load(): Libc | null {
  try {
    const { declare, errorName } = cLibrary();
    const fallocate = declare("int fallocate(int fd, int mode, int64_t offset, int64_t length)");
    const lseek = declare("int64_t lseek(int fd, int64_t offset, int whence)");
    const fcntl = declare("int fcntl(int fd, int command, ...)");
    const waitpid = declare("int waitpid(int pid, _Out_ int *status, int options)");
    return {
      punchHole: (fd, offset, length) =>
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) === 0,
      firstData: (fd) => {
        const offset = Number(lseek(fd, 0, SEEK_DATA));
        return offset < 0 ? undefined : offset;
      },
      closeOnExec: (fd) => void fcntl(fd, F_SETFD, "int", FD_CLOEXEC),
      duplicate: (fd, least = 3) => Number(fcntl(fd, F_DUPFD_CLOEXEC, "int", least)),
      isOpenForWriting(fd) {
        const isRefused = Number(fcntl(fd, F_SETLEASE, "int", F_RDLCK)) === -1;
        const reason = isRefused ? errorName() : undefined;
        if (!isRefused) fcntl(fd, F_SETLEASE, "int", F_UNLCK);
        return reason === "EAGAIN";
      },
      wait: (pid) => {
        const status = [0];
        return waitpid(pid, status, WNOHANG) === pid ? status[0] : undefined;
      },
      ...loadSpawn(declare),
    };
  } catch {
    return null; // koffi ships no build for this machine
  }
}

/** @returns nothing for a library without `addchdir_np` (glibc before 2.29, musl before 1.1.24) */
function loadSpawn(declare: Declare): Pick<Libc, "spawn" | "spawnAside"> {
  let addChdir: ReturnType<Declare>;
  try {
    addChdir = declare("int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)");
  } catch {
    return {};
  }
  const initActions = declare("int posix_spawn_file_actions_init(void *actions)");
  const addDup2 = declare("int posix_spawn_file_actions_adddup2(void *actions, int from, int to)");
  const addOpen = declare(
    "int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, int mode)",
  );
  const destroyActions = declare("int posix_spawn_file_actions_destroy(void *actions)");
  const posixSpawn = declare(
    "int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)",
  );
  const attributes = spawnAttributes(declare);

  function prepare({ file, argv, cwd, env, stdio, terminal }: RawSpawnRequest) {
    const actions = Buffer.alloc(structureBytes);
    initActions(actions);
    if (terminal !== undefined) addOpen(actions, 0, terminal, O_RDWR, 0);
    const sources = terminal === undefined ? stdio : [0, 0, 0];
    for (const [target, source] of sources.entries()) addDup2(actions, source, target); // also clears close-on-exec
    addChdir(actions, cwd);
    const pid = [0];
    return {
      args: [pid, file, actions, attributes, [...argv, null], [...env, null]],
      outcome: (errno: unknown): RawSpawned => ({ pid: pid[0] ?? 0, errno: Number(errno) }),
      [Symbol.dispose]: () => void destroyActions(actions),
    };
  }
  return {
    spawn(request) {
      using prepared = prepare(request);
      return prepared.outcome(posixSpawn(...prepared.args));
    },
    async spawnAside(request) {
      using prepared = prepare(request);
      return prepared.outcome(await aside(posixSpawn, prepared.args));
    },
  };
}

/** A session of its own, every signal with its default action, none blocked. */
function spawnAttributes(declare: Declare): Buffer {
  const attributes = Buffer.alloc(structureBytes);
  const every = Buffer.alloc(structureBytes);
  declare("int sigfillset(void *set)")(every);
  declare("int posix_spawnattr_init(void *attributes)")(attributes);
  declare("int posix_spawnattr_setsigdefault(void *attributes, void *set)")(attributes, every);
  declare("int posix_spawnattr_setsigmask(void *attributes, void *set)")(attributes, Buffer.alloc(structureBytes));
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
  declare("int posix_spawnattr_setflags(void *attributes, short flags)")(attributes, flags);
  return attributes;
}
