/** What the programs of the host do for the file systems of sandboxes. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { errnoOf, YardError } from "../../platform/errors.ts";

const run = promisify(execFile);
const toolTimeoutMs = 60_000;
/** All that a sandbox has written may be copied. */
const copyTimeoutMs = 3_600_000;
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** After the machine has gone down with it: whatever it was in the middle of is put right. */
export async function mendImage(image: string): Promise<void> {
  await run("e2fsck", ["-p", image], { timeout: toolTimeoutMs, env }).catch((error: unknown) => {
    const isMended = errnoOf(error) === undefined && (error as { code?: number }).code === 1;
    if (!isMended) throw new YardError("unavailable", `The disk of the sandbox is damaged: ${String(error)}.`);
  });
}

/** With owners, times, attributes and holes; what a layer hides, too. By reference where the file system can. */
export async function copyTree(source: string, target: string): Promise<void> {
  await run("cp", ["-a", "--reflink=auto", "--sparse=always", source, target], { timeout: copyTimeoutMs, env });
}

export async function bytesOnDisk(directory: string): Promise<number> {
  const { stdout } = await run("du", ["-skx", directory], { timeout: toolTimeoutMs, env }).catch((error) => error);
  return Number.parseInt(stdout, 10) * 1024 || 0;
}

/** @throws {YardError} precondition */
export async function runDiskTool(file: string, args: string[]): Promise<void> {
  try {
    await run(file, args, { timeout: toolTimeoutMs, env });
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "it is not installed (e2fsprogs)" : String(cause);
    throw new YardError("precondition", `The disk cannot be limited: ${file}: ${reason}.`, {
      field: "limits.diskBytes",
      cause,
    });
  }
}
