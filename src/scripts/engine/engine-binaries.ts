/** A bundle made ready to start engines from, with the pure-JavaScript polyfills that are evaluated in them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ExtensionDescriptor } from "quickjs-wasi";
import { type EngineBundle, guestProtocol, installedEngine } from "./engine-bundle.ts";

export interface EngineBinaries {
  readonly build: string;
  readonly wasm: Uint8Array;
  readonly extensions: readonly ExtensionDescriptor[];
  /** Scripts, in order. */
  readonly polyfills: readonly string[];
}

/** @throws {Error} if the bundle's memories would speak to the host in a way that this version does not know */
export function readEngineBinaries(
  { build, protocol, wasm, extensions }: EngineBundle = installedEngine(),
): EngineBinaries {
  if (protocol !== guestProtocol) throw new Error(`This version does not speak with engines of protocol ${protocol}.`);
  const require = createRequire(import.meta.url);
  const read = (name: string) => readFileSync(require.resolve(name)).toString();
  return {
    build,
    wasm,
    extensions: extensions.map((extension) => ({
      name: extension.name,
      wasm: new WebAssembly.Module(new Uint8Array(extension.wasm)),
    })),
    polyfills: [read("event-target-shim/umd"), read("abortcontroller-polyfill/dist/abortcontroller-polyfill-only.js")],
  };
}
