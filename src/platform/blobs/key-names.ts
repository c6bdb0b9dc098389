/** Keys as names that every S3 store, file system and URL takes unchanged.
 *
 *  Stores of S3 differ in what they make of a key: many keep objects as files, where `a` cannot be beside `a/b`, `..` leads elsewhere, a name
 *  ends at 255 bytes, and `K` may be `k`. URLs lose `..` and `//` on their way. So a key is written in digits, lower-case letters and `-._/`, which
 *  leaves the usual ones as they are, and everything else by its bytes in hex.
 *
 *  Names sort as their keys do, and the name of a prefix is a prefix of the name: so a listing of names is one of keys. For that, each escaped
 *  byte begins with a mark that sorts where the byte would: `(` below `-`, `=` between the digits and `_`, `~` above `z`. */
import { createHash } from "node:crypto";

const literals = /[-./0-9_`a-z]/;
/** A name that begins with `.` is special, one that begins with `-` an option. All below the digits are escaped there, for the order. */
const literalsInFront = /[0-9_`a-z]/;

/** Characters of a segment, after which `)/` begins a new one. With what may follow (an escape, the end of a name that is cut) it stays below 255. */
const segmentLength = 128;
const segmentBreak = ")/";

export function encodeKey(key: string): string {
  let name = "";
  let inSegment = 0;
  for (const byte of Buffer.from(key)) {
    if (inSegment >= segmentLength) {
      name += segmentBreak;
      inSegment = 0;
    }
    const char = String.fromCharCode(byte);
    const isLiteral = (inSegment === 0 ? literalsInFront : literals).test(char);
    const code = isLiteral ? char : `${markOf(byte)}${byte.toString(16).padStart(2, "0")}`;
    name += code;
    inSegment = code === "/" ? 0 : inSegment + code.length;
  }
  return name;
}

/** @returns undefined for what is no encoded key */
export function decodeKey(name: string): string | undefined {
  const codes = name.replaceAll(segmentBreak, "").match(/[(=~][0-9a-f]{2}|[^(=~]/g) ?? [];
  const bytes = codes.map((code) => (code.length === 1 ? code.charCodeAt(0) : Number.parseInt(code.slice(1), 16)));
  const key = Buffer.from(bytes).toString();
  return encodeKey(key) === name ? key : undefined;
}

function markOf(byte: number): string {
  if (byte < 0x30) return "(";
  return byte < 0x5f ? "=" : "~";
}

/** S3's own limit, in bytes. */
const longestName = 1_024;
/** Sorts below all that an encoded key consists of: `a!` and `a/b!` are a file and a file in a directory. */
const end = "!";
const cutAt = 900;

export interface ObjectName {
  readonly name: string;
  /** The name is too long for a store: it was cut, and a hash of the key tells it apart. It does not say which key it is of. */
  readonly isCut: boolean;
}

export function objectNameOf(key: string): ObjectName {
  const encoded = encodeKey(key);
  if (encoded.length < longestName) return { name: encoded + end, isCut: false };
  const hash = createHash("sha256").update(key).digest("hex");
  return { name: encoded.slice(0, cutAt) + end + hash, isCut: true };
}

/** @returns undefined for a name that was cut, or is none of ours */
export function keyOfObject(name: string): string | undefined {
  return name.endsWith(end) ? decodeKey(name.slice(0, -end.length)) : undefined;
}

/** What the names of all keys with that prefix begin with, and some others' if it had to be cut. */
export function objectNamePrefix(prefix: string): string {
  return encodeKey(prefix).slice(0, cutAt);
}
