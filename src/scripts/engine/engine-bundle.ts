/** What an engine is made of, as a value that can be kept: a saved memory is loaded by exactly the binaries that it was saved by, so they are stored
 *  with the memories and outlive their package's next version. The guest's code is no part of it: each memory has its own inside. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { encodeFrame } from "./frames.ts";

export interface EngineBundle {
  /** SHA-256 (hex) of all that an image depends on: it can be loaded by exactly this build. */
  readonly build: string;
  readonly protocol: number;
  readonly wasm: Uint8Array;
  /** In the order in which they are linked: their places in memory depend on it. */
  readonly extensions: readonly { readonly name: string; readonly wasm: Uint8Array }[];
}

const extensionNames = ["encoding", "url", "headers", "crypto", "structured-clone"] as const;

/** What the host and the inside of the engine say to one another. To be counted up when an older image could not follow it any more. */
export const guestProtocol = 1;

/** That of the installed package. */
export function installedEngine(): EngineBundle {
  const require = createRequire(import.meta.url);
  const read = (name: string) => readFileSync(require.resolve(`quickjs-wasi/${name}`));
  return bundleOf({
    protocol: guestProtocol,
    wasm: read("quickjs.wasm"),
    extensions: extensionNames.map((name) => ({ name, wasm: read(`${name}.so`) })),
  });
}

export function bundleOf(parts: Omit<EngineBundle, "build">): EngineBundle {
  const hash = createHash("sha256").update(`runyard guest ${parts.protocol}\n`).update(parts.wasm);
  for (const { wasm } of parts.extensions) hash.update(wasm);
  return { ...parts, build: hash.digest("hex") };
}

/** How a bundle goes over a pipe, and into the store: this, and its parts as the attachment. */
export interface EngineBundleHead {
  readonly type: "engine";
  readonly protocol: number;
  readonly wasmBytes: number;
  readonly extensions: readonly { readonly name: string; readonly bytes: number }[];
}

/** A frame. */
export function encodeBundle({ protocol, wasm, extensions }: EngineBundle): Uint8Array[] {
  const named = extensions.map((extension) => ({ name: extension.name, bytes: extension.wasm.length }));
  const head: EngineBundleHead = { type: "engine", protocol, wasmBytes: wasm.length, extensions: named };
  return encodeFrame(head, wasm, ...extensions.map((extension) => extension.wasm));
}

export function decodeBundle(head: EngineBundleHead, attachment: Uint8Array): EngineBundle {
  let at = 0;
  const take = (bytes: number) => {
    at += bytes;
    return attachment.subarray(at - bytes, at);
  };
  return bundleOf({
    protocol: head.protocol,
    wasm: take(head.wasmBytes),
    extensions: head.extensions.map(({ name, bytes }) => ({ name, wasm: take(bytes) })),
  });
}
