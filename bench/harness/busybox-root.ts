/** The smallest root file system that runs `true`: the host's own busybox, which needs no library. */
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

/** @param path a directory to be made */
export async function makeBusyboxRoot(path: string): Promise<void> {
  for (const directory of ["bin", "proc", "dev", "sys"]) await mkdir(join(path, directory), { recursive: true });
  await copyFile("/bin/busybox", join(path, "bin", "busybox"));
  for (const name of ["sh", "true", "sleep"]) await symlink("busybox", join(path, "bin", name));
}
