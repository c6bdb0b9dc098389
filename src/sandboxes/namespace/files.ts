/** The files of a sandbox, read and written by the agent on its root file system. Mounts that only exist inside (`/proc`, `/dev`) are not there. */
import { closeSync, constants, createReadStream, fchmodSync, fchownSync, openSync } from "node:fs";
import { lchown, mkdir, rename } from "node:fs/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { writeAll } from "../../platform/file-writing.ts";
import type { LocalFiles } from "../sandbox.ts";
import { asPathError, checkPath, locate, locateName, openInside, type Place, pathError } from "./confined-path.ts";
import { entryOf, linkTarget, listTree, resolvedLink } from "./file-entries.ts";
import { removeTree } from "./file-removal.ts";

const { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
const chunkBytes = 1024 * 1024;

/** @param parts.root descriptor of the root directory   @param parts.rootId the host's user who is root inside */
export function createSandboxFiles({ root, rootId }: { root: number; rootId: number }): Required<LocalFiles> {
  async function about<T>(path: string, act: () => T | Promise<T>): Promise<T> {
    checkPath(path);
    try {
      return await act();
    } catch (error) {
      throw asPathError(error, path);
    }
  }

  /** @throws {YardError} invalid */
  function openForReading(path: string): Place {
    using place = locate(root, path, { follow: true });
    const { status } = place;
    if (!status.isFile()) throw pathError(path, "it is no regular file");
    // The same file by its descriptor: whoever has put another in its place meanwhile is late.
    const fd = openSync(`/proc/self/fd/${place.fd}`, O_RDONLY | O_NONBLOCK);
    return { fd, status, [Symbol.dispose]: () => closeSync(fd) };
  }

  /** @throws {YardError} invalid */
  async function placeToWrite(path: string, mode: number): Promise<Place> {
    await makeParents(path);
    using undo = new DisposableStack();
    const place = undo.use(openForWriting(path, mode));
    if (!place.status.isFile()) throw pathError(path, "it is no regular file");
    undo.move();
    return place;
  }

  /** As it is, or made for root. Never a second time: who is first to make it decides. */
  function openForWriting(path: string, mode: number): Place {
    try {
      return openInside(root, path, { flags: O_RDWR | O_NONBLOCK });
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    const made = openInside(root, path, { flags: O_RDWR | O_CREAT | O_EXCL, mode: mode & 0o7777 });
    fchownSync(made.fd, rootId, rootId);
    fchmodSync(made.fd, mode & 0o7777);
    return made;
  }

  async function makeParents(path: string): Promise<void> {
    const names = path
      .split("/")
      .filter((name) => name !== "")
      .slice(0, -1);
    for (let depth = 1; depth <= names.length; depth++) {
      await makeOne(`/${names.slice(0, depth).join("/")}`).catch((error) => {
        if (errnoOf(error) !== "EEXIST") throw error;
      });
    }
  }

  async function makeOne(path: string): Promise<void> {
    using at = locateName(root, path);
    await mkdir(at.hostPath, { mode: 0o755 });
    await lchown(at.hostPath, rootId, rootId);
  }

  const files: Required<LocalFiles> = {
    stat: (path) =>
      about(path, () => {
        using place = locate(root, path, { follow: false });
        const [target, resolved] = [linkTarget(root, place, path), resolvedLink(root, place, path)];
        return entryOf(place.status, { path, rootId, target, resolved });
      }),
    list: (path, options) => about(path, () => listTree({ root, rootId, path, ...options })),
    read: (path) =>
      about(path, () => {
        const { fd, status } = openForReading(path);
        return { size: status.size, content: createReadStream("", { fd, highWaterMark: chunkBytes }) };
      }),
    write: (path, content, { mode = 0o644 } = {}) =>
      about(path, async () => {
        using place = await placeToWrite(path, mode);
        return await writeAll(place.fd, content);
      }),
    hold: (path, { mode } = {}) =>
      about(path, async () => (mode === undefined ? openForReading(path) : await placeToWrite(path, mode))),
    makeDirectory: (path) =>
      about(path, async () => {
        await makeParents(path);
        try {
          await makeOne(path);
        } catch (error) {
          if (errnoOf(error) !== "EEXIST") throw error;
          const { type } = await files.stat(path);
          if (type !== "directory") throw pathError(path, "something else is there");
          throw new YardError("conflict", `The directory ${path} is there already.`, { field: "path" });
        }
        return files.stat(path);
      }),
    move: (from, to) =>
      about(from, () =>
        about(to, async () => {
          using source = locateName(root, from);
          using target = locateName(root, to);
          await rename(source.hostPath, target.hostPath);
        }),
      ),
    remove: (path) => about(path, () => removeTree(root, path)),
  };
  return files;
}
