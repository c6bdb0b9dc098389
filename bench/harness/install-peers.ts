/** What is measured against is installed by the lockfile of bench/, when a benchmark first needs it, and only there: the
 *  project's own installation stays small. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchDirectory, peerModules } from "./paths.ts";

export async function installPeers(signal: AbortSignal): Promise<void> {
  if (await isInstalled()) return;
  const args = ["ci", "--prefix", benchDirectory, "--ignore-scripts", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", args, { signal });
}

/** npm writes its own copy of the lockfile when it has installed everything: older than ours, it is out of date. */
async function isInstalled(): Promise<boolean> {
  try {
    const installed = await stat(join(peerModules, ".package-lock.json"));
    const wanted = await stat(join(benchDirectory, "package-lock.json"));
    return installed.mtimeMs >= wanted.mtimeMs;
  } catch {
    return false;
  }
}
