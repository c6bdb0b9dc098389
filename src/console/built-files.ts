/** The console's files, as its build has left them. They are few and small, so each is read once and kept compressed. */
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip, constants as zlib } from "node:zlib";
import { errnoOf } from "../platform/errors.ts";

export type Encoding = "br" | "gzip" | "identity";

export interface BuiltFile {
  readonly contentType: string;
  /** Its name carries the hash of its content: what is known by that name never changes. */
  readonly isImmutable: boolean;
  /** @returns undefined once the build that it is of has gone @throws when the disk fails; asked again, it tries again */
  content(encoding: Encoding): Promise<Buffer | undefined>;
}

export interface BuiltFiles {
  /** @param name with slashes, from the build's directory; undefined when the build has no such file, or there is no build */
  find(name: string): Promise<BuiltFile | undefined>;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".woff2": "font/woff2",
  ".png": "image/png",
};
const indexFile = "index.html";

/** @param directory need not exist yet; when another build takes its place, that one is served from then on */
export function createBuiltFiles(directory: string): BuiltFiles {
  let known: { readonly version: string; readonly files: ReadonlyMap<string, BuiltFile> } | undefined;

  async function current(): Promise<ReadonlyMap<string, BuiltFile> | undefined> {
    const version = await versionOf(directory);
    if (version === undefined) return undefined;
    if (known?.version !== version) known = { version, files: await listFiles(directory) };
    return known.files;
  }

  return {
    // Names are looked up among those that are there, and never become paths.
    find: async (name) => (known?.files.has(name) && name !== indexFile ? known.files : await current())?.get(name),
  };
}

/** A build replaces the directory, so its page is another file then. */
async function versionOf(directory: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs } = await stat(join(directory, indexFile), { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function listFiles(directory: string): Promise<ReadonlyMap<string, BuiltFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && extname(entry.name) in contentTypes)
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(directory, path).split(sep).join("/"), openFile(path)]));
}

function openFile(path: string): BuiltFile {
  const kept = new Map<Encoding, Promise<Buffer>>();

  return {
    contentType: contentTypes[extname(path)]!,
    isImmutable: /-[\w-]{8,}\.\w+$/.test(path) && path.includes(`${sep}assets${sep}`),
    content(encoding) {
      const made = kept.get(encoding) ?? readFile(path).then((bytes) => compress[encoding](bytes));
      kept.set(encoding, made);
      return made.catch((error: unknown) => {
        kept.delete(encoding);
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      });
    },
  };
}

const compress: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer> | Buffer>> = {
  // One step below the best: a tenth of its time, for two hundredths more bytes.
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes),
  identity: (bytes) => bytes,
};
