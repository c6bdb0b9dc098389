/** A bundle made ready to start engines from, with the pure-JavaScript polyfills that are evaluated in them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ExtensionDescriptor } from "quickjs-wasi";
import { type EngineBundle, guestProtocol, installedEngine } from "./engine-bundle.ts";

export interface EngineBinaries {
  readonly build: string;
  readonly wasm: Uint8Array;
  readonly extensions: readonly ExtensionDescriptor[];
  readonly polyfills: Polyfills;
}

/** The texts of libraries. All but the second are modules (CommonJS). */
export interface Polyfills {
  readonly eventTarget: string;
  readonly abortController: string;
  readonly streams: string;
  readonly forms: string;
  readonly formEncoder: string;
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
    polyfills: {
      eventTarget: read("event-target-shim/umd"),
      abortController: read("abortcontroller-polyfill/dist/abortcontroller-polyfill-only.js"),
      streams: read("web-streams-polyfill"),
      forms: read("formdata-node"),
      formEncoder: read("form-data-encoder"),
    },
  };
}
