/** This very program as the archive that npm installs from, so that a machine that joins gets it from its yard, of the yard's version. */
import { existsSync, readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { readNamed } from "../platform/trees/read-directory.ts";
import { writeTar } from "../platform/trees/tar.ts";
import type { TreeEntry } from "../platform/trees/tree-entry.ts";

/** Where package.json lies: above src/ and dist/ alike. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Made once, when it is first asked for. Undefined in a checkout: what has not been built cannot be installed. */
export function createPackageArchive(directory = root): () => Promise<Buffer | undefined> {
  let made: Promise<Buffer> | undefined;
  return async () => {
    if (!existsSync(`${directory}/dist`) || existsSync(`${directory}/src`)) return undefined;
    made ??= pack(directory).catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function pack(directory: string): Promise<Buffer> {
  const gzip = createGzip();
  const [archive] = await Promise.all([buffer(gzip), pipeline(writeTar(entriesOf(directory)), gzip)]);
  return archive;
}

/** Under `package/`, as npm has it. */
async function* entriesOf(directory: string): AsyncGenerator<TreeEntry, void> {
  yield { type: "directory", path: "package", mode: 0o755 };
  for (const name of ["package.json", ...filesIn(directory)]) {
    if (!existsSync(`${directory}/${name}`)) continue;
    for await (const entry of readNamed(directory, name, { onSkipped: () => {} })) {
      yield { ...entry, path: `package/${entry.path}` };
    }
  }
}

/** What is published. */
function filesIn(directory: string): readonly string[] {
  const { files } = JSON.parse(readFileSync(`${directory}/package.json`, "utf8")) as { files: readonly string[] };
  return files;
}
