/** The peer of sandboxes: bubblewrap by itself, with the namespaces, the mounts and the masks that a sandbox of ours has, but the host's own `/usr` read-only in
 *  place of a root file system of its own, and no control groups, filter of system calls or records. Started by posix_spawn, its cheapest start. */
import { existsSync, lstatSync, openSync, readlinkSync } from "node:fs";
import { posixSpawn } from "../../src/platform/process/posix-spawn.ts";

const nullDevice = openSync("/dev/null", "r+");
const masked = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/kmsg",
  "/proc/timer_list",
  "/proc/sched_debug",
  "/proc/sysrq-trigger",
];

const options = [
  ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup"],
  ...["--ro-bind", "/usr", "/usr", ...["/bin", "/lib", "/lib64", "/sbin"].flatMap(likeTheHost)],
  ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
  ...masked.filter((path) => existsSync(path)).flatMap((path) => ["--ro-bind", "/dev/null", path]),
];

function likeTheHost(path: string): string[] {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status) return [];
  return status.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}

/** Runs `true` in one, to its end. */
export async function runBareBubblewrap(): Promise<void> {
  const child = posixSpawn({
    file: "/usr/bin/bwrap",
    argv: ["bwrap", ...options, "/usr/bin/true"],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: [null, nullDevice, nullDevice],
  });
  const { code } = (await child?.exited) ?? { code: null };
  if (code !== 0) throw new Error(`bwrap ended with ${code}`);
}
