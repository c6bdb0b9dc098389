/** The users of sandboxes. Two user namespaces, one in the other:
 *
 *  - The outer one owns the other namespaces of the sandboxes (mounts, network, host name, …). Root in it is an unused user of the host.
 *  - The inner one is where processes run. They may be root there with every capability, which lets them own, change and give away files and switch
 *    users, and is worth nothing towards mounts and network, as those belong to a namespace above their own.
 *
 *  All sandboxes of a driver share them, so that files that one has written belong to the same users in another (templates). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";

export interface UserNamespaces extends Disposable {
  readonly outer: number;
  readonly inner: number;
  /** The host's user who is root inside. */
  readonly rootId: number;
}

/** Users 0 to 65535 inside. Outside they are in a range that systemd's table of well-known ranges leaves to nobody. */
const rootId = 0x7100_0000;
const users = 65_536;

/** Instances of inotify count for the user who made the namespace, which is the host's root: sandboxes together leave it a quarter. */
const inotifyFraction = 3 / 4;

/** @throws {YardError} precondition, where the kernel does not let us */
export async function openUserNamespaces(): Promise<UserNamespaces> {
  using opened = new DisposableStack();
  try {
    await using holder = await hold("unshare", "--user");
    writeFileSync(`/proc/${holder.pid}/uid_map`, `0 ${rootId} ${users}`);
    writeFileSync(`/proc/${holder.pid}/gid_map`, `0 ${rootId} ${users}`);
    const outer = opened.adopt(openSync(`/proc/${holder.pid}/ns/user`, "r"), closeSync);
    const inOuter = ["nsenter", `--user=/proc/${process.pid}/fd/${outer}`] as const;
    await using nested = await hold(...inOuter, "unshare", "--user");
    await run(...inOuter, "sh", "-c", innerScript, "sh", `${nested.pid}`, `${inotifyLimit()}`);
    const inner = opened.adopt(openSync(`/proc/${nested.pid}/ns/user`, "r"), closeSync);
    await run("nsenter", `--user=/proc/${process.pid}/fd/${inner}`, "sh", "-c", noNamespacesScript);
    const lifetime = opened.move();
    return { outer, inner, rootId, [Symbol.dispose]: () => lifetime.dispose() };
  } catch (cause) {
    throw new YardError("precondition", `No user namespaces can be made here: ${String(cause)}.`, { cause });
  }
}

/** Only who is in the outer namespace may say which of its users are which of the inner one. */
const innerScript = `set -e
echo "0 0 ${users}" >/proc/$1/uid_map
echo "0 0 ${users}" >/proc/$1/gid_map
echo "$2" >/proc/sys/user/max_inotify_instances`;

/** What the filter of system calls forbids, forbidden once more. */
const noNamespacesScript = `for kind in user mnt net pid ipc uts cgroup; do echo 0 >/proc/sys/user/max_\${kind}_namespaces; done`;

function inotifyLimit(): number {
  return Math.floor(Number(readFileSync("/proc/sys/user/max_inotify_instances", "latin1")) * inotifyFraction);
}

/** A process that is in the namespace until the end of the block. */
async function hold(file: string, ...args: string[]): Promise<{ readonly pid: number } & AsyncDisposable> {
  const child = spawn(file, [...args, "sh", "-c", "echo && exec cat"], { stdio: ["pipe", "pipe", "pipe"] });
  await Promise.race([once(child.stdout, "data"), ended(child)]);
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const closed = child.exitCode === null ? once(child, "close") : undefined;
      child.stdin.end();
      await closed;
    },
  };
}

async function run(file: string, ...args: string[]): Promise<void> {
  await ended(spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] }), { isFailure: (code) => code !== 0 });
}

/** @throws what it said */
async function ended(child: ChildProcess, { isFailure = (_: number | null): boolean => true } = {}): Promise<void> {
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const [code] = await once(child, "close");
  if (isFailure(code)) throw new Error(said.trim() || `${child.spawnfile} ended with ${code}`);
}
