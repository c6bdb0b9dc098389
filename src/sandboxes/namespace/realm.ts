/** The namespaces of a running sandbox, held open: they are entered through these descriptors, never by the number of a process that may have ended. */
import { close, constants, openSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";
import { isAlive } from "../../platform/process/procfs.ts";
import type { Init } from "./init.ts";

export interface Realm extends Disposable {
  readonly pid: number;
  /** Directory of the terminals. */
  readonly terminals: number;
  /** The root directory on the host, where nothing but the sandbox's files is mounted. */
  readonly root: number;
  readonly network: number;
  /** Options of nsenter(1) for all but the pid namespace, which the nursery enters. */
  readonly entering: readonly string[];
  isAlive(): boolean;
}

const { O_DIRECTORY, O_RDONLY } = constants;
const O_PATH = 0o10000000;
const kinds = { user: "user", mount: "mnt", uts: "uts", ipc: "ipc", net: "net", cgroup: "cgroup" } as const;

/** Elsewhere: whoever closes a namespace last takes it apart. */
function closeAside(fd: number): void {
  close(fd, () => {});
}

/** @throws {YardError} not_found, if the first process has ended */
export function openRealm({ pid, startTicks }: Init, rootPath: string): Realm {
  using opened = new DisposableStack();
  const open = (path: string, flags: number) => opened.adopt(openSync(path, flags), closeAside);
  try {
    const entering = Object.entries(kinds).map(([option, name]) => {
      const fd = open(`/proc/${pid}/ns/${name}`, O_RDONLY);
      return `--${option}=/proc/${process.pid}/fd/${fd}`;
    });
    const network = open(`/proc/${pid}/ns/net`, O_RDONLY);
    const pidNamespace = open(`/proc/${pid}/ns/pid`, O_RDONLY);
    const terminals = open(`/proc/${pid}/root/dev/pts`, O_PATH | O_DIRECTORY);
    const root = open(rootPath, O_PATH | O_DIRECTORY);
    // What was opened was this process' own, if it is still there now.
    if (!isAlive(pid, startTicks)) throw new Error("it has ended");
    const lifetime = opened.move();
    return {
      pid: pidNamespace,
      terminals,
      root,
      network,
      entering,
      isAlive: () => isAlive(pid, startTicks),
      [Symbol.dispose]: () => lifetime.dispose(),
    };
  } catch (cause) {
    throw new YardError("not_found", "The first process of the sandbox has ended, and all others with it.", { cause });
  }
}
