/** The peer of script executions: the engine's library used in its own plain way, in one process.
 *
 *  `bare`: an engine is created for each script, evaluates it, and is freed. `fresh`: the same, and it is given our globals before. `cycle`: the naive way to keep state between scripts: read the file,
 *  decompress, restore, evaluate, take the whole memory, compress it with zstd, write it and sync. */
import { readFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { QuickJS } from "quickjs-wasi";
import { readEngineBinaries } from "../../src/scripts/engine/engine-binaries.ts";
import { guestScripts } from "../../src/scripts/engine/guest-source.ts";

export type ScriptPeerRequest =
  | { readonly mode: "bare" | "fresh"; readonly sources: readonly string[] }
  | { readonly mode: "cycle"; readonly sources: readonly string[]; readonly directory: string };

export interface ScriptPeerReply {
  readonly times: readonly number[];
  /** Of the last image that was written, in bytes. */
  readonly imageBytes: number;
}

const require = createRequire(import.meta.url);
const compile = (name: string) => new WebAssembly.Module(readFileSync(require.resolve(name)));
const options = {
  wasm: compile("quickjs-wasi/quickjs.wasm"),
  extensions: ["encoding", "url", "headers", "crypto", "structured-clone"].map((name) => ({
    name,
    wasm: compile(`quickjs-wasi/${name}.so`),
  })),
};

const globals = guestScripts(readEngineBinaries().polyfills);

async function evaluateFresh(source: string, hasGlobals: boolean): Promise<number> {
  using engine = await QuickJS.create(options);
  if (hasGlobals) installGlobals(engine);
  using result = engine.evalCode(source);
  engine.dump(result);
  return 0;
}

function installGlobals(engine: QuickJS): void {
  for (const script of globals.slice(0, -1)) engine.evalCode(script).dispose();
  using install = engine.evalCode(globals.at(-1) ?? "");
  const names = ["print", "setTimer", "clearTimer", "call"];
  const functions = names.map((name) => engine.newFunction(name, () => engine.undefined));
  engine.callFunction(install, engine.undefined, ...functions).dispose();
  for (const each of functions) each.dispose();
}

async function evaluateKept(source: string, path: string): Promise<number> {
  const before = await readFile(path).catch(() => undefined);
  using engine = before
    ? await QuickJS.restore(QuickJS.deserializeSnapshot(zstdDecompressSync(before)), options)
    : await QuickJS.create(options);
  using result = engine.evalCode(source);
  engine.dump(result);
  const image = zstdCompressSync(QuickJS.serializeSnapshot(engine.snapshot()));
  await using file = await open(path, "w");
  await file.writeFile(image);
  await file.sync();
  return image.length;
}

process.on("message", async (request: ScriptPeerRequest) => {
  const times: number[] = [];
  let imageBytes = 0;
  for (const source of request.sources) {
    const startedAt = performance.now();
    imageBytes =
      request.mode === "cycle"
        ? await evaluateKept(source, join(request.directory, "image"))
        : await evaluateFresh(source, request.mode === "fresh");
    times.push(performance.now() - startedAt);
  }
  const reply: ScriptPeerReply = { times, imageBytes };
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
