/** The engines that memories were saved by. Each is stored once, before the first memory that needs it, under the hash of its content, and stays: it
 *  takes half a megabyte, and there is one for every version of the engine that was in use. */
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { decodeBundle, type EngineBundle, encodeBundle, guestProtocol } from "./engine-bundle.ts";
import { createFrameReader } from "./frames.ts";

export interface EngineArchive {
  /** Resolves when it is there, and survives any crash. */
  keep(engine: EngineBundle): Promise<void>;
  /** @throws {YardError} precondition: it is not there, not what was stored, or of a protocol that this version does not know */
  find(build: string): Promise<EngineBundle>;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Of a bundle: what is larger is none of ours. */
const maxBytes = 64 * 1024 ** 2;

const count = Type.Integer({ minimum: 0, maximum: maxBytes });
const bundleHead = Compile(
  Type.Object({
    type: Type.Literal("engine"),
    protocol: count,
    wasmBytes: count,
    extensions: Type.Array(Type.Object({ name: Type.String(), bytes: count }), { maxItems: 100 }),
  }),
);

export function createEngineArchive(blobs: BlobStore): EngineArchive {
  const kept = new Map<string, Promise<void>>();

  async function store(engine: EngineBundle): Promise<void> {
    if (await isThere(engine.build)) return;
    const bytes = await compress(Buffer.concat(encodeBundle(engine)));
    await blobs.put(keyOf(engine.build), oneChunk(bytes), { maxBytes });
  }

  async function isThere(build: string): Promise<boolean> {
    try {
      await blobs.head(keyOf(build));
      return true;
    } catch (error) {
      if (isYardError(error, "not_found")) return false;
      throw error;
    }
  }

  return {
    keep(engine) {
      const storing = kept.get(engine.build) ?? store(engine);
      kept.set(engine.build, storing);
      storing.catch(() => kept.delete(engine.build)); // the next one tries again
      return storing;
    },
    async find(build) {
      const bytes = await read(blobs, build);
      if (bytes === undefined) throw refused(build, "which the store does not have");
      const engine = await parse(bytes);
      if (engine?.build !== build) throw refused(build, "which is damaged in the store");
      if (engine.protocol !== guestProtocol) throw refused(build, "which this version of Runyard cannot speak with");
      return engine;
    },
  };
}

async function read(blobs: BlobStore, build: string): Promise<Buffer | undefined> {
  try {
    return await buffer((await blobs.get(keyOf(build))).stream);
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}

/** @returns undefined if it is no bundle */
async function parse(bytes: Buffer): Promise<EngineBundle | undefined> {
  let found: EngineBundle | undefined;
  const limits = { headBytes: maxBytes, attachmentBytes: maxBytes };
  const take = createFrameReader(limits, ({ head, attachment }) => {
    found = bundleHead.Check(head) ? decodeBundle(head, attachment) : undefined;
  });
  try {
    take(await decompress(bytes, { maxOutputLength: maxBytes }));
    return found;
  } catch {
    return undefined;
  }
}

function refused(build: string, why: string): YardError {
  const words = `The heap was saved by another build of the script engine (${build.slice(0, 12)}), ${why}: it is not loaded.`;
  return new YardError("precondition", words, { field: "heap" });
}

function keyOf(build: string): string {
  return `engines/${build}`;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
