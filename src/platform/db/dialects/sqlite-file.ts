import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { asStorageError, errnoOf, YardError } from "../../errors.ts";
import { translateSqliteError, whenNotBusy } from "./sqlite-errors.ts";
import { type LogSync, openLogSync } from "./sqlite-log-sync.ts";

/** "RUNY": tells our files from other programs' databases. @see https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x52554e59;

/** A few milliseconds for a checkpoint of our own in between; longer waits are `whenNotBusy`'s, off the event loop. */
const nativeBusyTimeoutMs = 20;

export interface SqliteFile extends Disposable {
  readonly writer: DatabaseSync;
  /** Sees every commit as soon as it is made, and never waits for one (WAL). */
  readonly reader: DatabaseSync;
  /** What waits until commits are on the disk: they are not when they are made. To be closed before the file is. */
  readonly logSync: LogSync;
}

/** Opens the file, or makes it (mode 0600), in WAL mode.
 *  @throws {YardError} precondition (another program's database, none at all, no WAL possible), unavailable (locked, read-only) */
export async function openSqliteFile(path: string, busyTimeoutMs: number): Promise<SqliteFile> {
  using opened = new DisposableStack();
  try {
    closeSync(openSync(path, "a", 0o600)); // SQLite itself would make it readable for all; its -wal and -shm take the file's mode
    const writer = opened.adopt(new DatabaseSync(path, { timeout: nativeBusyTimeoutMs }), (connection) =>
      connection.close(),
    );
    await whenNotBusy(() => prepareWriter(writer, path), busyTimeoutMs);
    // Closed before the writer: the last to close folds the WAL into the file, which takes a connection that may write.
    const reader = opened.adopt(new DatabaseSync(path, { timeout: 1_000, readOnly: true }), (connection) =>
      connection.close(),
    );
    const logSync = openLogSync(path);
    const lifetime = opened.move();
    return { writer, reader, logSync, [Symbol.dispose]: () => lifetime.dispose() };
  } catch (error) {
    throw openError(error, path);
  }
}

function prepareWriter(writer: DatabaseSync, path: string): void {
  writer.exec(
    "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864",
  );
  refuseForeign(writer, path);
  const mode = writer.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode;
  if (mode !== "wal") {
    throw new YardError(
      "precondition",
      `The file system of ${path} cannot hold SQLite's write-ahead log (it answered ${mode}). Use a local disk, or PostgreSQL.`,
    );
  }
  writer.exec("BEGIN IMMEDIATE"); // finds out now whether we may write
  try {
    writer.exec(`PRAGMA application_id = ${applicationId}; COMMIT`);
  } finally {
    if (writer.isTransaction) writer.exec("ROLLBACK");
  }
}

function refuseForeign(writer: DatabaseSync, path: string): void {
  const id = writer.prepare("PRAGMA application_id").get()?.application_id;
  if (id === applicationId) return;
  const isEmpty = writer.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (isEmpty) return;
  throw new YardError(
    "precondition",
    `${path} is the database of another program. Give Runyard a data directory of its own.`,
  );
}

function openError(error: unknown, path: string): unknown {
  switch (errnoOf(error)) {
    case "EACCES":
    case "EPERM":
      return new YardError(
        "unavailable",
        `The database ${path} cannot be written. Make it and its directory writable for this user.`,
        {
          cause: error,
        },
      );
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
      return new YardError(
        "unavailable",
        `The database ${path} cannot be opened: its directory is missing, or it is no file.`,
        { cause: error },
      );
    default:
      return asStorageError(translateSqliteError(error, path), path);
  }
}
