/** Further files that come with a stack which is taken over: plain files and directories, within bounds. */
import { createHash } from "node:crypto";
import { YardError } from "../../platform/errors.ts";
import type { TreeEntries, TreeEntry } from "../../platform/trees/tree-entry.ts";
import { writeDirectory } from "../../platform/trees/write-directory.ts";
import { metaName } from "./stack-meta.ts";
import type { WrittenFile } from "./stack-writes.ts";

export const companionLimits = { maxBytes: 100 * 1024 ** 2, maxEntries: 10_000 };

/** The stack's own, which come by other ways. */
const own = [
  /^(?:docker-)?compose(?:\.[^/]*)?\.ya?ml$/,
  /^\.env(?:\.age)?$/,
  new RegExp(`^${RegExp.escape(metaName)}$`),
];

/** @param directory is empty @returns the hashes of what was written
 *  @throws {YardError} invalid (links), too_large; whatever `entries` throws. Then nothing was written. */
export async function writeCompanions(directory: string, entries: TreeEntries): Promise<readonly WrittenFile[]> {
  const written: WrittenFile[] = [];
  await writeDirectory(directory, hashed(withParents(allowed(entries)), written), companionLimits);
  return written;
}

async function* allowed(entries: TreeEntries): AsyncGenerator<TreeEntry> {
  for await (const entry of entries) {
    if (own.some((pattern) => pattern.test(entry.path))) continue;
    if (entry.type !== "symlink") yield entry;
    else
      throw new YardError("invalid", `${entry.path.slice(0, 200)} is a link, and links are not taken`, {
        field: "bundle",
      });
  }
}

/** Archives need not name the directories that their files are in. */
async function* withParents(entries: TreeEntries): AsyncGenerator<TreeEntry> {
  const made = new Set<string>();
  for await (const entry of entries) {
    const names = entry.path.split("/");
    for (let depth = 1; depth < names.length; depth += 1) {
      const path = names.slice(0, depth).join("/");
      if (!made.has(path)) yield { type: "directory", path, mode: 0o755 };
      made.add(path);
    }
    if (entry.type === "directory" && made.has(entry.path)) continue;
    if (entry.type === "directory") made.add(entry.path);
    yield entry;
  }
}

async function* hashed(entries: TreeEntries, written: WrittenFile[]): AsyncGenerator<TreeEntry> {
  for await (const entry of entries) {
    if (entry.type !== "file") {
      yield entry;
      continue;
    }
    const hash = createHash("sha256");
    yield { ...entry, content: passing(entry.content, (part) => hash.update(part)) };
    written.push({ file: entry.path, sha256: hash.digest("hex") });
  }
}

async function* passing(
  content: AsyncIterable<Uint8Array>,
  see: (part: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const part of content) {
    see(part);
    yield part;
  }
}
