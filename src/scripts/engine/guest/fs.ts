/** `fs`: every function is a call to the host, where the mounted tree is. It exists only where the host would answer it. */
import type { GuestCalls } from "./calls.ts";

export function createFs({ call }: GuestCalls): object {
  function pathOf(operation: string, path: unknown): string {
    if (typeof path !== "string") throw new TypeError(`fs.${operation}: the path must be a string`);
    return path;
  }

  /** Bytes as they are, everything else as its text. */
  function contentOf(value: unknown): Uint8Array {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return new TextEncoder().encode(String(value));
  }

  async function ask(operation: string, args: object, content?: Uint8Array): Promise<unknown> {
    return (await call(`fs.${operation}`, args, content)).value;
  }

  /** Kinds are functions and times are zero, as a tree without times has them. */
  function statsOf(value: unknown) {
    const { kind, size, mode } = value as { kind: "file" | "directory" | "symlink"; size: number; mode: number };
    const never = () => false;
    const epoch = new Date(0);
    return {
      size,
      mode,
      nlink: 1,
      blksize: 4096,
      mtimeMs: 0,
      atimeMs: 0,
      ctimeMs: 0,
      birthtimeMs: 0,
      mtime: epoch,
      atime: epoch,
      ctime: epoch,
      birthtime: epoch,
      isFile: () => kind === "file",
      isDirectory: () => kind === "directory",
      isSymbolicLink: () => kind === "symlink",
      isFIFO: never,
      isSocket: never,
      isBlockDevice: never,
      isCharacterDevice: never,
    };
  }

  const onPath =
    (operation: string) =>
    async (path: unknown): Promise<unknown> =>
      ask(operation, { path: pathOf(operation, path) });
  const fromTo =
    (operation: string) =>
    async (from: unknown, to: unknown): Promise<unknown> =>
      ask(operation, { path: pathOf(operation, from), destination: pathOf(operation, to) });

  const functions = {
    async readFile(path: unknown, options?: unknown) {
      const { content } = await call("fs.readFile", { path: pathOf("readFile", path) });
      const encoding =
        typeof options === "object" && options !== null && "encoding" in options ? options.encoding : options;
      return typeof encoding === "string" && encoding !== "buffer" ? new TextDecoder().decode(content) : content;
    },
    writeFile: async (path: unknown, content: unknown) =>
      ask("writeFile", { path: pathOf("writeFile", path) }, contentOf(content)),
    appendFile: async (path: unknown, content: unknown) =>
      ask("appendFile", { path: pathOf("appendFile", path) }, new TextEncoder().encode(String(content))),
    readdir: onPath("readdir"),
    stat: async (path: unknown) => statsOf(await ask("stat", { path: pathOf("stat", path) })),
    lstat: async (path: unknown) => statsOf(await ask("lstat", { path: pathOf("lstat", path) })),
    mkdir: onPath("mkdir"),
    rmdir: onPath("rmdir"),
    unlink: onPath("unlink"),
    exists: onPath("exists"),
    readlink: onPath("readlink"),
    rm: async (path: unknown, { recursive = false }: { recursive?: boolean } = {}) =>
      ask("rm", { path: pathOf("rm", path), recursive: Boolean(recursive) }),
    rename: fromTo("rename"),
    copyFile: fromTo("copyFile"),
    symlink: async (target: unknown, path: unknown) =>
      ask("symlink", { path: pathOf("symlink", path), destination: pathOf("symlink", target) }),
    async createWriteStream(path: unknown) {
      const name = pathOf("createWriteStream", path);
      const chunks: Uint8Array[] = [];
      let closed = false;
      return {
        async write(chunk: unknown) {
          if (closed) throw new Error(`fs.createWriteStream: ${name}: the stream is closed`);
          chunks.push(contentOf(chunk).slice());
        },
        async close() {
          if (closed) return;
          closed = true;
          await ask("writeFile", { path: name }, await new Blob(chunks as Uint8Array<ArrayBuffer>[]).bytes());
        },
      };
    },
  };
  return { ...functions, promises: functions };
}
