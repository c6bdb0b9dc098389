import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
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

/** The console's build is to be made by the packing, as in a fresh clone. */
function isSource(path: string): boolean {
  return (
    ![join(root, "console/dist"), join(root, "console/screenshots")].includes(path) && !path.includes("/.building-")
  );
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
    "console",
    "scripts/build-console.ts",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "LICENSE",
    "NOTICE",
    "README.md",
  ]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true, filter: isSource });
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

/** A yard that was installed gives itself away: to the machines that join it. */
async function checkGivenAway(url: string, directory: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const reply = await fetch(`${url}/install/runyard-${version}.tgz`);
  assert.equal(reply.status, 200);
  const archive = join(directory, "given.tgz");
  writeFileSync(archive, Buffer.from(await reply.arrayBuffer()));
  const { stdout } = spawnSync("tar", ["-tzf", archive], { encoding: "utf8" });
  for (const file of ["package/package.json", "package/bin/runyard.js", "package/dist/main.js"]) {
    assert.ok(stdout.split("\n").includes(file), file);
  }
  assert.equal((await fetch(`${url}/install/runyard-0.0.0.tgz`)).status, 404);
}

/** Its page, and what that page names. */
async function checkConsole(url: string): Promise<void> {
  const page = await fetch(`${url}/console`);
  assert.equal(page.status, 200);
  const [, script] = /<script[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
  assert.ok(script, "the page has its script");
  const reply = await fetch(new URL(script, url));
  assert.deepEqual([reply.status, reply.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
}

test("the packed tarball, installed elsewhere, serves and runs", async () => {
  using directory = temporaryDirectory();
  using home = openHome(installPackage(directory.path));
  await using yard = await startYard([], home);
  await checkGivenAway(yard.url, directory.path);
  await checkConsole(yard.url);
  const ended = await home.runyard(["run", "--", "sh", "-c", "echo hello; exit 3"]);
  assert.deepEqual(ended, { code: 3, signal: null, stdout: "hello\n", stderr: "" });
  // The engine's process, its WebAssembly and the functions that scripts find in it are files of the package, too.
  const script = await home.runyard(["js", "run", "-e", 'console.log(new URL("a", "http://b/").href); 6 * 7']);
  assert.deepEqual([script.code, script.stdout], [0, "http://b/a\n42\n"], script.stderr);
});
