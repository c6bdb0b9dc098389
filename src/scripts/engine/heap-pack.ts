/** How a heap is stored: a pack, one for each heap, that holds the pages no earlier pack has and says where the others are.
 *
 *      32 bytes   HMAC-SHA256 of the team's key over the pack's id and all that follows
 *      rest       zstd of: 4 bytes length, head (JSON), the pages, one after the other
 *
 *  One pack a step, so that saving is one write and one sync, however many pages have changed. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../../platform/errors.ts";
import { heapPageBytes } from "./memory-image.ts";

const macBytes = 32;
const lengthBytes = 4;
/** Of a decompressed pack: more than any heap, less than what would fill the memory. */
const maxPackBytes = 1024 ** 3;

const count = Type.Integer({ minimum: 0, maximum: 2 ** 32 });

const packHead = Type.Object({
  format: Type.Literal(1),
  build: Type.String(),
  bytes: count,
  stackPointer: count,
  hooks: count,
  /** Packs that pages are taken from. Pages are named by the pack that holds them, not by the heap that they came from, so a heap is read from these
   *  and needs nothing that they in turn were made from. */
  sources: Type.Array(Type.String({ pattern: "^[0-9a-f]{32}$" })),
  /** Pages in a row that lie in a row in one pack: first page, how many, which source (0 is this pack, 1 the first of `sources`), the first's
   *  place there. Pages that are in none are zero. */
  runs: Type.Array(Type.Tuple([count, count, count, count])),
});
export type PackHead = Static<typeof packHead>;
const compiled = Compile(packHead);

export interface Pack {
  readonly head: PackHead;
  /** The pages that this pack holds. */
  readonly pages: Buffer;
}

/** Random: a heap that was collected and is saved again has a pack of its own, whatever is left of its first one. */
export function newPackId(): string {
  return randomBytes(16).toString("hex");
}

export function encodePack(id: string, { head, pages }: Pack, key: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(json.length);
  const body = zstdCompressSync(Buffer.concat([length, json, pages]));
  return Buffer.concat([macOf(id, body, key), body]);
}

/** @throws {YardError} precondition: it is not what this team stored under that id */
export function decodePack(id: string, bytes: Buffer, key: Uint8Array): Pack {
  const body = bytes.subarray(macBytes);
  const mac = macOf(id, body, key);
  if (bytes.length < macBytes + lengthBytes || !timingSafeEqual(bytes.subarray(0, macBytes), mac)) throw refused(id);
  const content = zstdDecompressSync(body, { maxOutputLength: maxPackBytes });
  const length = content.readUInt32LE(0);
  const head: unknown = JSON.parse(content.subarray(lengthBytes, lengthBytes + length).toString());
  if (!compiled.Check(head)) throw refused(id);
  return { head, pages: content.subarray(lengthBytes + length) };
}

function macOf(id: string, body: Uint8Array, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(`runyard pack ${id}\n`).update(body).digest();
}

function refused(id: string): YardError {
  return new YardError("precondition", `The heap is damaged or not this team's (pack ${id}): it is not loaded.`, {
    field: "heap",
  });
}

/** Where each page of a heap is: for every page the pack and its place there. */
export type PageTable = ReadonlyMap<number, { readonly pack: string; readonly place: number }>;

export function tableOf(id: string, { sources, runs }: PackHead): PageTable {
  const table = new Map<number, { pack: string; place: number }>();
  for (const [first, length, source, place] of runs) {
    const pack = source === 0 ? id : sources[source - 1];
    if (pack === undefined) throw refused(id);
    for (let index = 0; index < length; index++) table.set(first + index, { pack, place: place + index });
  }
  return table;
}

/** The table, short: neighbours that are neighbours in their pack, too, become one run. */
export function runsOf(id: string, table: PageTable): Pick<PackHead, "sources" | "runs"> {
  const sources: string[] = [];
  const runs: [number, number, number, number][] = [];
  for (const [page, { pack, place }] of [...table].sort(([a], [b]) => a - b)) {
    if (pack !== id && !sources.includes(pack)) sources.push(pack);
    const source = pack === id ? 0 : sources.indexOf(pack) + 1;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === page && last[2] === source && last[3] + last[1] === place) last[1]++;
    else runs.push([page, 1, source, place]);
  }
  return { sources, runs };
}

export function pageOf(id: string, { pages }: Pack, place: number): Buffer {
  const page = pages.subarray(place * heapPageBytes, (place + 1) * heapPageBytes);
  if (page.length !== heapPageBytes) throw refused(id);
  return page;
}
