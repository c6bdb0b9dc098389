/** `npm run build:cli`: the command line as one executable file, for the platform that this runs on. Yards offer it for download (`/api/cli`)
 *  from the directory where it is put: that of the data directory, unless another one is named.
 *
 *  It is the client alone: what serves and supervises needs the package, whose processes start one another from its files. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, type Plugin } from "esbuild";
import { inject } from "postject";
import { loadConfig } from "../src/config.ts";
import { hostPlatform, programDirectory, programName } from "../src/programs.ts";
import { packageVersion } from "../src/version.ts";

const root = join(import.meta.dirname, "..");
/** Where Node looks for its script, and the switch that says there is one. @see Node's documentation, single executable applications */
const resource = "NODE_SEA_BLOB";
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Commands of the package alone, and the version, which lies beside it. */
const clientOnly: Plugin = {
  name: "client only",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/commands\/(serve|agent|config|audit|doctor)\.ts$/ }, () => ({
      path: join(root, "src/commands/elsewhere.ts"),
    }));
    onLoad({ filter: /\/src\/version\.ts$/ }, () => ({
      contents: `export const packageVersion = () => ${JSON.stringify(packageVersion())};`,
    }));
  },
};

/** @returns the path of the program */
export async function buildCli(directory: string): Promise<string> {
  const platform = hostPlatform();
  if (platform === undefined) throw new Error(`no program is made for ${process.platform}-${process.arch}`);
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(join(directory, ".building-"));
  try {
    const program = join(work, "program");
    copyFileSync(process.execPath, program);
    chmodSync(program, 0o755);
    if (process.platform === "darwin") execFileSync("codesign", ["--remove-signature", program]);
    await inject(program, resource, await makeBlob(work), {
      sentinelFuse: fuse,
      machoSegmentName: process.platform === "darwin" ? "NODE_SEA" : undefined,
    });
    if (process.platform === "darwin") execFileSync("codesign", ["--sign", "-", program]);
    const path = join(directory, programName({ platform, version: packageVersion() }));
    renameSync(program, path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The bundle in the form that Node finds inside of itself. */
async function makeBlob(work: string): Promise<Buffer> {
  const main = join(work, "main.cjs");
  const blob = join(work, "main.blob");
  await build({
    stdin: {
      contents: `import { main } from "./src/main.ts"; void main(process.argv.slice(2));`,
      resolveDir: root,
    },
    ...{ bundle: true, platform: "node", format: "cjs", target: "node24", outfile: main },
    ...{ plugins: [clientOnly], minify: true, keepNames: true, logLevel: "warning" },
    // Used by what is left out alone.
    logOverride: { "empty-import-meta": "silent" },
  });
  const config = join(work, "sea.json");
  const settings = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(process.execPath, ["--experimental-sea-config", config], { stdio: "pipe" });
  return readFileSync(blob);
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  const dataDirectory = () => loadConfig({ flags: {}, env: process.env, cwd: process.cwd() }).data;
  console.log(await buildCli(resolve(positionals[0] ?? programDirectory(dataDirectory()))));
}
