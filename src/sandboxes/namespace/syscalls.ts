/** Which system calls a sandbox's processes may not make, and why. What a sandbox may do at all is decided by its namespaces and rights; this list
 *  takes away the parts of the kernel that no guest needs and in which most ways out were found. A call that is refused fails as if it
 *  were not permitted, or not there; the process goes on. */

export type Errno = "EPERM" | "ENOSYS" | "EAFNOSUPPORT";

export interface Rule {
  readonly call: SyscallName;
  readonly errno: Errno;
  /** Only with such an argument; without it, always. */
  readonly when?: { readonly argument: number } & (
    | { readonly hasAnyBit: number }
    | { readonly isOneOf: readonly number[] }
    | { readonly isNoneOf: readonly number[] }
  );
}

/** Numbers on x64 and arm64; null where an architecture has no such call. */
export const syscallNumbers = {
  acct: [163, 89],
  add_key: [248, 217],
  adjtimex: [159, 171],
  bpf: [321, 280],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  clone: [56, 220],
  clone3: [435, 435],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  init_module: [175, 105],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  io_uring_setup: [425, 425],
  ioctl: [16, 29],
  ioperm: [173, null],
  iopl: [172, null],
  kcmp: [312, 272],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  perf_event_open: [298, 241],
  pidfd_getfd: [438, 438],
  pivot_root: [155, 41],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  settimeofday: [164, 170],
  socket: [41, 198],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
} as const satisfies Record<string, readonly [number, number | null]>;
export type SyscallName = keyof typeof syscallNumbers;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME. */
const anyNewNamespace = 0x7e020080;
const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16];
const [PTRACE_ATTACH, PTRACE_SEIZE] = [16, 0x4206];
const TIOCSTI = 0x5412;

const always = (errno: Errno, ...calls: SyscallName[]): Rule[] => calls.map((call) => ({ call, errno }));

export const rules: readonly Rule[] = [
  // Mounts: the root file system stays as it was made. The newer calls look absent, so that programs fall back and get EPERM there.
  ...always("EPERM", "mount", "umount2", "pivot_root", "quotactl", "quotactl_fd", "swapon", "swapoff"),
  ...always(
    "ENOSYS",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "mount_setattr",
  ),
  // A file by its handle, past all directories above it.
  ...always("EPERM", "open_by_handle_at", "fanotify_init"),
  // New namespaces give rights over the kernel's rarely used parts. `clone3` hides its flags from filters, so it is absent: programs
  // fall back to `clone`. (`setns` stays: our own way in needs it, and all other namespaces belong to a user namespace above the guest's.)
  { call: "clone", errno: "EPERM", when: { argument: 0, hasAnyBit: anyNewNamespace & ~0x80 } }, // low bits are the exit signal
  { call: "unshare", errno: "EPERM", when: { argument: 0, hasAnyBit: anyNewNamespace } },
  ...always("ENOSYS", "clone3"),
  // Code in the kernel, and its tracing.
  ...always(
    "EPERM",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "bpf",
    "perf_event_open",
  ),
  ...always("EPERM", "syslog", "lookup_dcookie", "acct", "reboot", "iopl", "ioperm"),
  // Where races in the kernel were won, or are won with their help.
  ...always("ENOSYS", "io_uring_setup", "io_uring_enter", "io_uring_register"),
  ...always("EPERM", "userfaultfd"),
  // The keyring knows no namespaces.
  ...always("EPERM", "add_key", "request_key", "keyctl"),
  // One clock for the whole machine.
  ...always("EPERM", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime"),
  // Other processes: a debugger may start its program, and not take hold of one that runs.
  { call: "ptrace", errno: "EPERM", when: { argument: 0, isOneOf: [PTRACE_ATTACH, PTRACE_SEIZE] } },
  ...always("EPERM", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
  // AF_ALG, AF_VSOCK, AF_PACKET and some thirty more that nobody needs here.
  { call: "socket", errno: "EAFNOSUPPORT", when: { argument: 0, isNoneOf: [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] } },
  // Typing into a terminal that one shares with somebody.
  { call: "ioctl", errno: "EPERM", when: { argument: 1, isOneOf: [TIOCSTI] } },
];
