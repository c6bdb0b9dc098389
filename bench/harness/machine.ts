/** Where and with what the figures were measured: without it a figure says little. */
import { readFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { benchDirectory, peerModules } from "./paths.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    versions: {
      runyard: await versionIn(join(benchDirectory, "..")),
      node: process.versions.node,
      pm2: await versionIn(join(peerModules, "pm2")),
      autocannon: await versionIn(join(peerModules, "autocannon")),
    },
  };
}

/** Over the last minute, five and fifteen. */
export function load(): string {
  return loadavg()
    .map((average) => average.toFixed(2))
    .join(" ");
}

async function versionIn(directory: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
  return manifest.version;
}
