/** Directories as they are stored, read and written whole. */
import { YardError } from "../platform/errors.ts";
import {
  decodePage,
  decodePageList,
  emptyDirectoryId,
  encodeDirectory,
  encodePageList,
  type NamedEntry,
} from "./directory-page.ts";
import { type DirectoryEntry, sizeOf } from "./entry.ts";
import { type ObjectId, objectKinds } from "./object.ts";
import type { ObjectSource } from "./object-store.ts";
import type { ObjectWriter } from "./object-writer.ts";

/** Decoded once for as long as the page itself stays in the cache: decoding costs more than reading. */
const decoded = new WeakMap<Buffer, readonly NamedEntry[]>();

/** The entries, in the order of names. */
export async function loadDirectory(source: ObjectSource, id: ObjectId): Promise<readonly NamedEntry[]> {
  if (id === emptyDirectoryId) return [];
  const object = (await source.getMany([id])).get(id);
  if (object?.kind === objectKinds.page) return entriesOf(object.payload);
  if (object?.kind !== objectKinds.pageList) throw notADirectory(id);
  const pageIds = decodePageList(object.payload);
  const pages = await source.getMany(pageIds);
  return pageIds.flatMap((pageId) => {
    const page = pages.get(pageId);
    if (page?.kind !== objectKinds.page) throw notADirectory(pageId);
    return entriesOf(page.payload);
  });
}

/** @param entries in the order of names */
export async function storeDirectory(
  writer: ObjectWriter,
  { mode, entries }: { mode: number; entries: readonly NamedEntry[] },
): Promise<DirectoryEntry> {
  const size = { bytes: 0, entries: 0 };
  for (const [, entry] of entries) {
    const added = sizeOf(entry);
    size.bytes += added.bytes;
    size.entries += added.entries;
  }
  return { type: "directory", mode, page: await storePages(writer, entries), ...size };
}

async function storePages(writer: ObjectWriter, entries: readonly NamedEntry[]): Promise<ObjectId> {
  if (entries.length === 0) return emptyDirectoryId;
  const pageIds: ObjectId[] = [];
  for (const page of encodeDirectory(entries)) pageIds.push(await writer.put(page));
  return pageIds.length === 1 ? pageIds[0]! : await writer.put(encodePageList(pageIds));
}

function entriesOf(payload: Buffer): readonly NamedEntry[] {
  const known = decoded.get(payload);
  if (known !== undefined) return known;
  const entries = decodePage(payload);
  decoded.set(payload, entries);
  return entries;
}

function notADirectory(id: ObjectId): YardError {
  return new YardError("internal", `The object ${id} of the snapshot store is not what it is used as.`);
}
