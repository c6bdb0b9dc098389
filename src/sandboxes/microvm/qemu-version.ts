/** Which QEMU this host has. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const timeoutMs = 10_000;

/** @returns such as 7.2.22   @throws, if it cannot be run */
export async function readQemuVersion(qemu: string): Promise<string> {
  const { stdout } = await promisify(execFile)(qemu, ["--version"], { timeout: timeoutMs });
  return /version (\d[\w.]*)/.exec(stdout)?.[1] ?? stdout.trim().slice(0, 100);
}

/** The hardware that it makes when it is asked for the usual PC. Bug fixes do not change it. @see qemu-system-x86_64 -machine help */
export function machineOf(version: string): string {
  const [major, minor] = version.split(".");
  return `pc-i440fx-${major}.${minor}`;
}
