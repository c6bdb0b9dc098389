/** Many layers into one that says the same: what a chain of captures is shortened by. Layers do not change, so their files are shared by links where all of them
 *  are on one file system. */
import { execFile } from "node:child_process";
import { existsSync, lstatSync, type Stats, statSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { kernel } from "../../platform/process/kernel.ts";

const run = promisify(execFile);
const copyTimeoutMs = 3_600_000;

/** @param layers directories of one place each, the topmost first
 *  @param target is made */
export async function mergeLayers(layers: readonly string[], target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const { dev } = statSync(target);
  for (const layer of layers.toReversed()) {
    if (!existsSync(layer)) continue;
    await clearHidden(layer, target);
    const how = statSync(layer).dev === dev ? "--link" : "--reflink=auto";
    const args = ["-a", how, "--remove-destination", `${layer}/.`, target];
    await run("cp", args, { timeout: copyTimeoutMs, env: { PATH: "/usr/bin:/bin" } });
  }
}

/** Removes what lower layers had where this one has something else, or nothing. Nobody changes either meanwhile. */
async function clearHidden(layer: string, target: string): Promise<void> {
  for (const name of await readdir(layer)) {
    const [upper, lower] = [join(layer, name), join(target, name)];
    const there = lstatSync(lower, { throwIfNoEntry: false });
    if (!there) continue;
    const status = lstatSync(upper);
    const isMerged = status.isDirectory() && there.isDirectory() && !isOpaque(upper);
    if (isMerged) await clearHidden(upper, lower);
    else if (there.isDirectory() || isWhiteout(status)) await rm(lower, { recursive: true, force: true });
  }
}

/** How an overlay notes that something was removed. @see the kernel's documentation of overlayfs */
function isWhiteout(status: Stats): boolean {
  return status.isCharacterDevice() && status.rdev === 0;
}

/** A directory in place of one below, of which nothing is seen any more. */
function isOpaque(path: string): boolean {
  return kernel().attribute(path, "trusted.overlay.opaque")?.toString() === "y";
}
