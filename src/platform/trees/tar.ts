/** Tree entries as a tar archive, and back: the form in which trees travel. @see POSIX, pax interchange format */
import { once } from "node:events";
import { Readable } from "node:stream";
import { type Extract, extract, type Header, type Pack, pack } from "tar-stream";
import { isYardError, YardError } from "../errors.ts";
import { isEntryName, modeBits, type TreeEntries, type TreeEntry } from "./tree-entry.ts";

/** So that equal trees are equal archives. */
const noTime = new Date(0);
/** Every archive ends with this many zeros: one that was cut off between two entries does not. */
const endBytes = 1_024;

/** What an archive of such a tree may have: what stands around a file is seldom more than 2 KiB. */
export function maxTarBytes({ maxBytes, maxEntries }: { maxBytes: number; maxEntries: number }): number {
  return maxBytes + (maxEntries + 1) * 4_096;
}

/** The archive, made as fast as it is read. It fails with what `entries` throws. */
export function writeTar(entries: TreeEntries): Readable {
  const archive = pack();
  void writeEntries(archive, entries).then(
    () => archive.finalize(),
    (error) => archive.destroy(error),
  );
  return Readable.from(archive, { objectMode: false });
}

async function writeEntries(archive: Pack, entries: TreeEntries): Promise<void> {
  for await (const entry of entries) {
    const { type, path: name } = entry;
    if (entry.type === "file") {
      await writeEntry(archive, { type, name, mode: entry.mode, size: entry.size, mtime: noTime }, entry.content);
    } else if (entry.type === "directory") {
      await writeEntry(archive, { type, name, mode: entry.mode, mtime: noTime });
    } else {
      await writeEntry(archive, { type, name, linkname: entry.target, mode: modeBits, mtime: noTime });
    }
  }
}

async function writeEntry(
  archive: Pack,
  header: Partial<Header> & { name: string },
  content?: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { promise: taken, resolve, reject } = Promise.withResolvers<void>();
  taken.catch(() => {}); // it is waited for below, or the loop has failed already
  const sink = archive.entry(header, (error) => (error ? reject(error) : resolve()));
  sink.on("error", () => {}); // it goes to the callback as well
  if (content !== undefined) {
    for await (const part of content) if (!sink.write(part)) await Promise.race([once(sink, "drain"), taken]);
    sink.end(null);
  }
  await taken;
}

/** The entries of an archive. What has no place in a tree (hard links, devices, paths that lead out) is refused. The source is not
 *  destroyed, also where reading stops early: a server may still have to answer whoever sends it.
 *  @param maxBytes of the whole archive
 *  @throws {YardError} invalid, too_large; whatever the source fails with */
export async function* readTar(
  source: Readable,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<TreeEntry, void> {
  const archive = extract();
  const poured = pour(source, archive, maxBytes);
  poured.catch(() => {}); // the archive fails with the same
  try {
    for await (const entry of archive) {
      const item = itemOf(entry.header, entry as AsyncIterable<Uint8Array>);
      if (item !== undefined) yield item;
      entry.resume(); // what nobody has read
    }
    await poured;
  } catch (error) {
    throw asTarError(error, source);
  } finally {
    archive.destroy();
  }
}

/** As `pipeline`, but the source lives on. */
async function pour(source: Readable, archive: Extract, maxBytes: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void archive.once("close", resolve));
  let [bytes, zeros] = [0, 0];
  try {
    for await (const part of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBytes) throw new YardError("too_large", `The tar archive is longer than ${maxBytes} bytes.`);
      zeros = trailingZeros(part) === part.length ? zeros + part.length : trailingZeros(part);
      if (!archive.write(part)) await Promise.race([once(archive, "drain"), closed]);
      if (archive.destroyed) return;
    }
    if (zeros < endBytes) throw new YardError("invalid", "The tar archive ends too early.");
    archive.end(null);
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

function trailingZeros(part: Buffer): number {
  let at = part.length;
  while (at > 0 && part[at - 1] === 0) at -= 1;
  return part.length - at;
}

/** Undefined: the root, which archives of a whole directory begin with. @throws {YardError} invalid */
function itemOf(
  { type, name, linkname, size, mode: fullMode }: Header,
  content: AsyncIterable<Uint8Array>,
): TreeEntry | undefined {
  const names = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || !names.every(isEntryName)) throw refused(name, "its path leads out of the tree");
  const [path, mode] = [names.join("/"), fullMode & modeBits];
  if (type === "directory") return path === "" ? undefined : { type, path, mode };
  if (path === "") throw refused(name, "it has no name");
  if (type === "file" || type === "contiguous-file") return { type: "file", path, mode, size, content };
  if (type === "symlink") return { type, path, target: linkname ?? "" };
  throw refused(
    name,
    `trees hold files, directories and symbolic links, and this is ${type ? `a ${type}` : "something else"}`,
  );
}

function refused(name: string, why: string): YardError {
  return new YardError("invalid", `The entry ${JSON.stringify(name.slice(0, 200))} of the archive is refused: ${why}.`);
}

/** What the library complains of is the archive's fault, unless the source has failed. */
function asTarError(error: unknown, source: Readable): unknown {
  if (isYardError(error) || error === source.errored || !(error instanceof Error) || "code" in error) return error;
  return new YardError("invalid", `The tar archive cannot be read: ${error.message}.`, { cause: error });
}
