/** The directory that holds all a yard keeps on this machine, and the lock that lets only one yard use it. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { asStorageError, errnoOf, YardError } from "./errors.ts";
import { newId } from "./ids.ts";

export interface DataDirectory extends Disposable {
  /** Absolute. */
  readonly path: string;
  /** Made with the directory, and kept in it: no other has the same. */
  readonly id: string;
  /** SQLite's file. */
  readonly database: string;
  /** Each a directory with mode 0700, made already. */
  readonly blobs: string;
  readonly keys: string;
  readonly tls: string;
  /** The local agent's socket, journal and outputs; the agent outlives us and has a lock of its own in there. */
  readonly agent: string;
}

/** Makes the directory (mode 0700) when it is missing, and holds it until disposed of or until the process ends, in whatever way.
 *  @throws {YardError} unavailable (not writable, full, in use by another yard), precondition (not a directory) */
export function openDataDirectory(path: string): DataDirectory {
  const root = resolve(path);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const lock = takeLock(root);
    const subdirectory = (name: string) => {
      const directory = join(root, name);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return directory;
    };
    return {
      path: root,
      id: ensureId(root),
      database: join(root, "runyard.db"),
      blobs: subdirectory("blobs"),
      keys: subdirectory("keys"),
      tls: subdirectory("tls"),
      agent: subdirectory("agent"),
      [Symbol.dispose]: () => lock[Symbol.dispose](),
    };
  } catch (error) {
    throw openError(error, root);
  }
}

/** Under the lock, so that there is no other who makes one. */
function ensureId(root: string): string {
  const file = join(root, "id");
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${newId("host")}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  }
  const id = readFileSync(file, "utf8").trim();
  if (/^host_[0-9a-z]{26}$/.test(id)) return id;
  throw new YardError(
    "precondition",
    `${file} is damaged: it must hold the id of this directory. Restore it from a backup.`,
  );
}

/** SQLite's exclusive lock on a file of its own. Node offers no file locks; this one is the kernel's, which lets go of it when
 *  the process dies, also by `kill -9`. A file with a pid in it alone would stay behind and could name a stranger. */
function takeLock(root: string): Disposable {
  using taken = new DisposableStack();
  const connection = taken.adopt(new DatabaseSync(join(root, "lock"), { timeout: 100 }), (open) => open.close());
  const holderFile = join(root, "lock.pid");
  try {
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    if (error instanceof Error && /database is locked/.test(error.message)) throw inUse(root, holderFile);
    throw error;
  }
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  taken.defer(() => rmSync(holderFile, { force: true })); // before the lock goes, so it is never another's
  const lifetime = taken.move();
  return { [Symbol.dispose]: () => lifetime.dispose() };
}

function inUse(root: string, holderFile: string): YardError {
  const holder = readHolder(holderFile);
  return new YardError(
    "unavailable",
    `The data directory ${root} is in use by another yard${holder}. Stop that one, or choose another directory (--data).`,
  );
}

function readHolder(holderFile: string): string {
  try {
    return ` (process ${readFileSync(holderFile, "utf8").trim()})`;
  } catch {
    return ""; // it has just taken the lock, or is just letting go
  }
}

function openError(error: unknown, root: string): unknown {
  const isUnopened = error instanceof Error && /unable to open database file|readonly database/.test(error.message);
  switch (isUnopened ? "EACCES" : errnoOf(error)) {
    case "EACCES":
    case "EPERM":
      return new YardError(
        "unavailable",
        `The data directory ${root} cannot be written. Make it writable for this user, or choose another one (--data).`,
        { cause: error },
      );
    case "EEXIST":
    case "ENOTDIR":
      return new YardError(
        "precondition",
        `The data directory ${root} is not a directory. Choose another one (--data).`,
        {
          cause: error,
        },
      );
    default:
      return asStorageError(error, `The data directory ${root}`);
  }
}
