/** `qemu-img`, which makes and changes disks that no machine has open. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { YardError } from "../../platform/errors.ts";

const timeoutMs = 60_000;

/** @param what is not possible if it fails   @returns what it prints   @throws {YardError} storage_full, unavailable */
export async function runQemuImg(program: string, args: readonly string[], what: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: timeoutMs })).stdout;
  } catch (cause) {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    if (said.includes("No space left on device")) {
      throw new YardError("storage_full", `${what}: the disk is full. Free some space; nothing was changed.`, {
        cause,
      });
    }
    throw new YardError("unavailable", `${what}: ${said || String(cause)}`, { cause });
  }
}
