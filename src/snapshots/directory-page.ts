/** How directories are written down. The bytes follow from the entries alone, so equal directories are one object.
 *
 *  Page: per entry, in the order of names, one type byte (0 file, 1 directory, 2 symlink), the name, and
 *  file: mode, size, 32 bytes of id · directory: mode, bytes beneath, entries beneath, 32 bytes of id · symlink: target.
 *  Numbers are LEB128; texts are UTF-8 behind their length.
 *
 *  Page list, of a directory of more than 256 entries: the 32-byte ids of its pages. A page ends behind a name whose hash ends in seven zero
 *  bits: so where pages begin follows from the names, one changed entry makes one new page, and history leaves no trace. */
import { YardError } from "../platform/errors.ts";
import { isEntryName } from "../platform/trees/tree-entry.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Entry } from "./entry.ts";
import { type ObjectId, objectIdOf, objectKinds, type StoredObject } from "./object.ts";

export type NamedEntry = readonly [name: string, entry: Entry];

const mostEntriesOfOnePage = 256;
const pageEndMask = 0x7f;

/** Names are ordered by their UTF-16 code units, as JavaScript compares text. */
export function byName([a]: NamedEntry, [b]: NamedEntry): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The pages that sorted entries make: one for most directories. */
export function encodeDirectory(entries: readonly NamedEntry[]): readonly StoredObject[] {
  if (entries.length <= mostEntriesOfOnePage) return [encodePage(entries)];
  const pages: StoredObject[] = [];
  let begin = 0;
  for (const [index, [name]] of entries.entries()) {
    if (!endsPage(name) && index < entries.length - 1) continue;
    pages.push(encodePage(entries.slice(begin, index + 1)));
    begin = index + 1;
  }
  return pages;
}

export function encodePageList(ids: readonly ObjectId[]): StoredObject {
  return { kind: objectKinds.pageList, payload: Buffer.from(ids.join(""), "hex") };
}

export function decodePageList(payload: Buffer): readonly ObjectId[] {
  const reader = new ByteReader(payload);
  const ids: ObjectId[] = [];
  while (!reader.isAtEnd) ids.push(reader.id());
  return ids;
}

function encodePage(entries: readonly NamedEntry[]): StoredObject {
  const writer = new ByteWriter();
  for (const [name, entry] of entries) {
    switch (entry.type) {
      case "file":
        writer.number(0).text(name).number(entry.mode).number(entry.size).id(entry.content);
        break;
      case "directory":
        writer.number(1).text(name).number(entry.mode).number(entry.bytes).number(entry.entries).id(entry.page);
        break;
      case "symlink":
        writer.number(2).text(name).text(entry.target);
    }
  }
  return { kind: objectKinds.page, payload: writer.finish() };
}

/** @throws {YardError} internal, for what no version of this program has written */
export function decodePage(payload: Buffer): readonly NamedEntry[] {
  const reader = new ByteReader(payload);
  const entries: NamedEntry[] = [];
  while (!reader.isAtEnd) {
    const type = reader.number();
    const name = reader.text();
    if (!isEntryName(name)) throw new YardError("internal", "A directory of a snapshot holds an impossible name.");
    entries.push([name, decodeEntry(type, reader)]);
  }
  return entries;
}

function decodeEntry(type: number, reader: ByteReader): Entry {
  switch (type) {
    case 0:
      return { type: "file", mode: reader.number(), size: reader.number(), content: reader.id() };
    case 1:
      return {
        type: "directory",
        mode: reader.number(),
        bytes: reader.number(),
        entries: reader.number(),
        page: reader.id(),
      };
    case 2:
      return { type: "symlink", target: reader.text() };
    default:
      throw new YardError("internal", `A directory of a snapshot holds an entry of the unknown type ${type}.`);
  }
}

/** FNV-1a: cheap, and never to change. Names chosen so as to make one large page cost only whoever chose them. */
function endsPage(name: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) & pageEndMask) === 0;
}

/** Of a tree without entries: known to everybody, stored nowhere. */
export const emptyDirectoryId: ObjectId = objectIdOf(encodePage([]));
