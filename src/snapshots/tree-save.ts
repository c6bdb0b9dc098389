/** Writing down what was changed in a tree, and nothing else. */

import { storeDirectory } from "./directories.ts";
import { byName, type NamedEntry } from "./directory-page.ts";
import type { DirectoryEntry, Entry } from "./entry.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { isOpenDirectory, isOpenFile, type Node, type OpenDirectory } from "./tree-nodes.ts";

/** Hands all new objects to the writer. The directory can be changed on afterwards. */
export async function saveDirectory(writer: ObjectWriter, directory: OpenDirectory): Promise<DirectoryEntry> {
  if (directory.saved !== undefined) return directory.saved;
  const entries: NamedEntry[] = [];
  for (const [name, node] of directory.children) entries.push([name, await saveNode(writer, node)]);
  for (const [name, entry] of entries) if (entry.type === "file") directory.children.set(name, entry); // lets go of its content
  directory.saved = await storeDirectory(writer, { mode: directory.mode, entries: entries.sort(byName) });
  return directory.saved;
}

async function saveNode(writer: ObjectWriter, node: Node): Promise<Entry> {
  if (isOpenDirectory(node)) return await saveDirectory(writer, node);
  if (!isOpenFile(node)) return node;
  return { type: "file", mode: node.mode, ...(await node.open.store()) };
}

/** Lets go of all contents that are held in memory: files become entries whose content the writer has. */
export async function settleFiles(writer: ObjectWriter, directory: OpenDirectory): Promise<void> {
  for (const [name, node] of directory.children) {
    if (isOpenDirectory(node)) await settleFiles(writer, node);
    else if (isOpenFile(node)) directory.children.set(name, await saveNode(writer, node));
  }
}
