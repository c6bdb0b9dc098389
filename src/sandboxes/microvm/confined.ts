/** How programs of QEMU are run: what they read was written by a guest, or by an emulator that a guest may have taken over. */
import type { Programs } from "./programs.ts";

export interface Confinement {
  /** Further options of bwrap(1): what else it sees. */
  readonly surroundings: readonly string[];
  /** The host's number of a user who owns nothing else. */
  readonly uid: number;
  /** The only group it is in, besides. */
  readonly group?: number;
}

/** The program sees the host's own programs and libraries and what is said in `surroundings`, has no network, no capability, no other process and no way to get any. */
export function confined(
  { bwrap, setpriv }: Pick<Programs, "bwrap" | "setpriv">,
  { surroundings, uid, group }: Confinement,
  argv: readonly string[],
): string[] {
  const groups = group === undefined ? "--clear-groups" : `--groups=${group}`;
  return [
    ...[bwrap, "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
    ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"],
    ...["--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    ...["--proc", "/proc", "--dev", "/dev", ...surroundings, "--chdir", "/"],
    ...["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--"],
    ...[setpriv, `--reuid=${uid}`, `--regid=${uid}`, groups, "--no-new-privs", "--", ...argv],
  ];
}
