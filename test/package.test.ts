import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { openHome } from "./support/home.ts";
import { startYard } from "./support/yard-process.ts";

const root = join(import.meta.dirname, "..");

function npm(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8", timeout: 150_000 });
  assert.equal(status, 0, `npm ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Packs a copy of the project (a build in the checkout would leave its `dist/` there) and installs that elsewhere, from npm's cache
 *  where that has what it needs. */
function installPackage(directory: string): string {
  const copy = join(directory, "copy");
  for (const name of [
    "bin",
    "docs",
    "examples",
    "src",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "LICENSE",
    "NOTICE",
    "README.md",
  ]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const said = npm(copy, "pack", "--json", "--foreground-scripts=false", "--pack-destination", directory);
  const [packed] = JSON.parse(said) as { filename: string; files: { path: string }[] }[];
  assert.ok(packed);
  const unwanted = packed.files.filter(
    ({ path }) => path.startsWith("src/") || /\.test\.|\/(testing|test-|conformance)/.test(path),
  );
  assert.deepEqual(unwanted, [], "only what runs is published");
  writeFileSync(join(directory, "package.json"), "{}");
  npm(directory, "install", "--prefer-offline", "--no-audit", "--no-fund", join(directory, packed.filename));
  return join(directory, "node_modules", "runyard", "bin", "runyard.js");
}

test("the packed tarball, installed elsewhere, serves and runs", async () => {
  using directory = temporaryDirectory();
  using home = openHome(installPackage(directory.path));
  await using _yard = await startYard([], home);
  const ended = await home.runyard(["run", "--", "sh", "-c", "echo hello; exit 3"]);
  assert.deepEqual(ended, { code: 3, signal: null, stdout: "hello\n", stderr: "" });
  // The engine's process, its WebAssembly and the functions that scripts find in it are files of the package, too.
  const script = await home.runyard(["js", "run", "-e", 'console.log(new URL("a", "http://b/").href); 6 * 7']);
  assert.deepEqual([script.code, script.stdout], [0, "http://b/a\n42\n"], script.stderr);
});
