/** `npm run build:console`: the console as files for browsers, in `console/dist`. With `--if-stale` only when its sources have changed since, which
 *  is what `npm start` asks for. A build appears whole or not at all: a server that runs goes on with the one before. */
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const directory = join(root, "console");
const built = join(directory, "dist");
/** Beside the build, the hash of what it was made from. */
const hashFile = "sources.sha256";

/** Of all that a build depends on: the console's files, and the exact versions of its packages. */
export function hashSources(): string {
  const hash = createHash("sha256");
  const sources = [
    "console/src/**/*",
    "console/public/**/*",
    "console/*.{ts,html,json}",
    "src/snapshots/unified-diff.ts",
    "package-lock.json",
  ];
  const names = globSync(sources, { cwd: root });
  for (const name of names.sort()) {
    const path = join(root, name);
    if (statSync(path).isFile()) hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

export function isStale(): boolean {
  try {
    return readFileSync(join(built, hashFile), "utf8") !== hashSources();
  } catch {
    return true; // there is none
  }
}

/** @returns the directory of the build */
export async function buildConsole(): Promise<string> {
  const { build } = await import("vite");
  const hash = hashSources();
  const work = mkdtempSync(join(directory, ".building-"));
  try {
    const outDir = join(work, "new");
    await build({ configFile: join(directory, "vite.config.ts"), build: { outDir }, logLevel: "warn" });
    writeFileSync(join(outDir, hashFile), hash);
    replace(outDir, join(work, "old"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return built;
}

function replace(fresh: string, aside: string): void {
  try {
    renameSync(built, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // the first build replaces nothing
  }
  renameSync(fresh, built);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { "if-stale": { type: "boolean", default: false } } });
  if (!values["if-stale"] || isStale()) {
    try {
      await buildConsole();
    } catch (error) {
      console.error(
        `The console could not be built: ${error instanceof Error ? error.message : error}. After \`npm ci\`: npm run build:console`,
      );
      process.exitCode = 1;
    }
  }
}
