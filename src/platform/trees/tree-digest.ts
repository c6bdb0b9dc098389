/** Tells one file tree from any other: by its paths, kinds, permissions and contents. */
import { createHash } from "node:crypto";
import { YardError } from "../errors.ts";
import { modeBits, type TreeEntries } from "./tree-entry.ts";

export interface DigestLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface TreeDigest {
  /** Hex SHA-256. */
  readonly digest: string;
  readonly bytes: number;
  readonly entries: number;
}

/** @throws {YardError} too_large; whatever `entries` throws */
export async function digestOfTree(entries: TreeEntries, limits: DigestLimits): Promise<TreeDigest> {
  const whole = createHash("sha256");
  let [bytes, count] = [0, 0];
  for await (const entry of entries) {
    count += 1;
    if (entry.type === "file") bytes += entry.size;
    if (count > limits.maxEntries || bytes > limits.maxBytes) {
      const message = `They are larger than ${limits.maxBytes} bytes or ${limits.maxEntries} files together.`;
      throw new YardError("too_large", message);
    }
    const facts = entry.type === "symlink" ? entry.target : entry.mode & modeBits;
    const content = entry.type === "file" ? await digestOf(entry.content) : "";
    whole.update(`${JSON.stringify([entry.type, entry.path, facts, content])}\n`);
  }
  return { digest: whole.digest("hex"), bytes, entries: count };
}

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of content) hash.update(part);
  return hash.digest("hex");
}
