/** The image of the containers that read volumes: a static busybox of this machine and nothing else, so that whatever a link in a volume leads to outside of it
 *  is not there. It goes to an engine once, and to no registry. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Engine } from "../../platform/docker/engine.ts";
import { readJsonLines } from "../../platform/docker/json-lines.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { findStaticBusybox } from "../../platform/process/static-busybox.ts";

const repository = "runyard-volume-reader";
const importMs = 2 * 60_000;
/** Engines have Go's names of architectures. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "arm", ppc64: "ppc64le" };

/** @returns its name   @throws {YardError} precondition, where this machine has no such busybox, or the engine's is of another kind */
export async function ensureReaderImage(engine: Engine): Promise<string> {
  const path = findStaticBusybox();
  if (path === undefined) {
    throw new YardError(
      "precondition",
      "Volumes are read with a static busybox of the yard's own machine: apt-get install busybox-static there.",
    );
  }
  const busybox = readFileSync(path);
  const tag = createHash("sha256").update(busybox).digest("hex").slice(0, 12);
  const name = `${repository}:${tag}`;
  if (await isThere(engine, name)) return name;
  const { Arch: theirs } = await engine.version();
  const ours = architectures[process.arch] ?? process.arch;
  if (theirs !== ours) {
    const message = `Volumes of this host cannot be read: it runs programs for ${theirs}, and the yard's machine has those for ${ours}.`;
    throw new YardError("precondition", message);
  }
  const archive = pack();
  archive.entry({ name: "bin/busybox", mode: 0o755 }, busybox);
  archive.finalize();
  await engine.call(
    "take the image for reading volumes",
    async (docker, abortSignal) => {
      const content = Readable.from(archive, { objectMode: false });
      const progress = await docker.importImage(content, { repo: repository, tag, abortSignal });
      for await (const _record of readJsonLines(progress as AsyncIterable<Uint8Array>)) {
        // to its end: then it is there
      }
    },
    { timeoutMs: importMs },
  );
  return name;
}

async function isThere(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.call("look at an image", (docker) => docker.getImage(name).inspect());
    return true;
  } catch (error) {
    if (isYardError(error, "not_found")) return false;
    throw error;
  }
}
