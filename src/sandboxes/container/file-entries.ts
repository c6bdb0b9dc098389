/** What stat(1) says inside of files, as their entries. Names may hold anything but what nobody there can guess: so records begin with the attendant's nonce. */
import type { FileEntry } from "../sandbox.ts";

/** By the upper bits of a mode. @see inode(7) */
const kinds = new Map<number, FileEntry["type"]>([
  [0o04, "directory"],
  [0o10, "file"],
  [0o12, "symlink"],
]);

/** @param listed the path that was asked for, under which entries are named as the caller wrote it */
export function parseEntries(text: Buffer, nonce: string, listed: string): FileEntry[] {
  // Byte by byte, as a name need not be UTF-8; the pieces are.
  const records = text.toString("latin1").split(`${nonce} `).slice(1);
  return records.flatMap((record) => entryOf(record, nonce, listed) ?? []);
}

function entryOf(record: string, nonce: string, listed: string): FileEntry | undefined {
  const [head = "", quoted = ""] = record.split(nonce);
  const fields = /^([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+) ([\s\S]*)$/.exec(head);
  if (!fields) return undefined;
  const [, mode = "", uid, gid, size, modified, name = ""] = fields;
  const bits = Number.parseInt(mode, 16);
  const type = kinds.get(bits >> 12) ?? "other";
  const path = decode(name).replace(/^(.*?)\/\//s, (_, directory: string) => `${directory === "" ? "" : directory}/`);
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path: path === "" ? listed : path,
    type,
    size: Number(size),
    mode: bits & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    modifiedAt: Number(modified) * 1_000,
    target: type === "symlink" ? targetOf(name, quoted) : undefined,
  };
}

/** `'name' -> 'target'`, as %N writes it. */
function targetOf(name: string, quoted: string): string | undefined {
  const before = `'${name}' -> '`;
  return quoted.startsWith(before) ? decode(quoted.slice(before.length, quoted.lastIndexOf("'"))) : undefined;
}

const decode = (latin1: string) => Buffer.from(latin1, "latin1").toString();
