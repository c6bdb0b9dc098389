/** The engine's files: QuickJS in WebAssembly, its extensions, and the pure-JavaScript polyfills that are evaluated in it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ExtensionDescriptor } from "quickjs-wasi";

/** In the order in which they are linked: their places in memory depend on it. */
const extensionNames = ["encoding", "url", "headers", "crypto", "structured-clone"] as const;

/** What the host and the inside of the engine say to one another. To be counted up when an older image could not follow it any more. */
const guestProtocol = 1;

const require = createRequire(import.meta.url);

export interface EngineBinaries {
  /** SHA-256 (hex) of all that an image depends on: it can be loaded by exactly this build. */
  readonly build: string;
  readonly wasm: Uint8Array;
  readonly extensions: readonly ExtensionDescriptor[];
  /** Scripts, in order. */
  readonly polyfills: readonly string[];
}

export function readEngineBinaries(): EngineBinaries {
  const read = (name: string) => readFileSync(require.resolve(name));
  const wasm = read("quickjs-wasi/quickjs.wasm");
  const extensions = extensionNames.map((name) => ({ name, bytes: read(`quickjs-wasi/${name}.so`) }));
  const hash = createHash("sha256").update(`runyard guest ${guestProtocol}\n`).update(wasm);
  for (const { bytes } of extensions) hash.update(bytes);
  return {
    build: hash.digest("hex"),
    wasm,
    extensions: extensions.map(({ name, bytes }) => ({ name, wasm: new WebAssembly.Module(bytes) })),
    polyfills: [
      read("event-target-shim/umd").toString(),
      read("abortcontroller-polyfill/dist/abortcontroller-polyfill-only.js").toString(),
    ],
  };
}
