/** The index of the file store: which file holds which key. It decides what exists: a blob appears, is replaced and goes with
 *  one commit here, data and metadata together, and keys never become paths.
 *
 *  Every file on the disk is named in one of two tables, at every moment and after every crash: in `blobs`, or in `leftovers`,
 *  which is what the next start deletes. A file is entered there before it is made. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { translateSqliteError } from "../db/dialects/sqlite-errors.ts";
import { openLogSync } from "../db/dialects/sqlite-log-sync.ts";
import type { BlobInfo } from "./blob-store.ts";

export interface IndexedBlob extends BlobInfo {
  readonly sha256: string;
  readonly file: string;
}

/** A promise resolves when the change is on the disk. */
export interface FileIndex extends AsyncDisposable {
  /** To be called before the file is made. */
  announce(file: string): Promise<void>;
  /** The file, complete and synced, becomes the blob of that key. @returns the file that it replaced, a leftover now */
  publish(blob: IndexedBlob): Promise<string | undefined>;
  find(key: string): IndexedBlob | undefined;
  /** @returns the file that held it, a leftover now */
  remove(key: string): Promise<string | undefined>;
  page(prefix: string, options: { after: string; limit: number }): readonly IndexedBlob[];
  leftovers(): readonly string[];
  /** To be called after the file was deleted. A power cut may undo it: then it is deleted again. */
  forget(file: string): void;
}

/** Keys are bytes here: those sort alike everywhere and can be cut at any place. */
const tables = `
  CREATE TABLE IF NOT EXISTS blobs (
    key BLOB PRIMARY KEY, file TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, contentType TEXT, modifiedAt INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leftovers (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;`;

/** @param path of the index, a SQLite file that this process alone uses */
export function openFileIndex(path: string): FileIndex {
  closeSync(openSync(path, "a", 0o600)); // SQLite itself would make it readable for all
  using opened = new DisposableStack();
  const translated = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw translateSqliteError(error, path);
    }
  };
  const db = opened.adopt(
    translated(() => new DatabaseSync(path, { timeout: 1_000 })),
    (connection) => connection.close(),
  );
  translated(() =>
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`),
  );

  const columns = "key, file, bytes, sha256, contentType, modifiedAt";
  const insertLeftover = db.prepare("INSERT INTO leftovers (file) VALUES (?)");
  const deleteLeftover = db.prepare("DELETE FROM leftovers WHERE file = ?");
  const selectLeftovers = db.prepare("SELECT file FROM leftovers");
  const selectBlob = db.prepare(`SELECT ${columns} FROM blobs WHERE key = ?`);
  const deleteBlob = db.prepare("DELETE FROM blobs WHERE key = ?");
  const insertBlob = db.prepare(`INSERT INTO blobs (${columns}) VALUES (?, ?, ?, ?, ?, ?)`);
  const selectPage = db.prepare(
    `SELECT ${columns} FROM blobs WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?`,
  );

  const find = (key: string) => toBlob(selectBlob.get(Buffer.from(key)));
  const removeRow = (key: string) => {
    const file = find(key)?.file;
    if (file === undefined) return undefined;
    deleteBlob.run(Buffer.from(key));
    insertLeftover.run(file);
    return file;
  };
  const inTransaction = <T>(work: () => T): T =>
    translated(() => {
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } finally {
        if (db.isTransaction) db.exec("ROLLBACK");
      }
    });

  const logSync = openLogSync(path);
  const synced = async <T>(change: () => T): Promise<T> => {
    const result = change();
    await logSync.done();
    return result;
  };

  const lifetime = opened.move();
  return {
    announce: (file) => synced(() => void translated(() => insertLeftover.run(file))),
    publish: ({ key, file, bytes, sha256, contentType, modifiedAt }) =>
      synced(() =>
        inTransaction(() => {
          const replaced = removeRow(key);
          insertBlob.run(Buffer.from(key), file, bytes, sha256, contentType, modifiedAt);
          deleteLeftover.run(file);
          return replaced;
        }),
      ),
    find: (key) => translated(() => find(key)),
    remove: (key) => synced(() => inTransaction(() => removeRow(key))),
    page: (prefix, { after, limit }) =>
      translated(() => {
        const first = Buffer.from(prefix);
        const beyond = Buffer.concat([first, Buffer.of(0xff)]); // a byte that UTF-8 never has, so above all that begin with the prefix
        return selectPage.all(first, Buffer.from(after), beyond, limit).flatMap((row) => toBlob(row) ?? []);
      }),
    leftovers: () => translated(() => selectLeftovers.all().map(({ file }) => String(file))),
    forget: (file) => void translated(() => deleteLeftover.run(file)),
    async [Symbol.asyncDispose]() {
      await logSync.close();
      lifetime.dispose();
    },
  };
}

function toBlob(row: Record<string, unknown> | undefined): IndexedBlob | undefined {
  if (row === undefined) return undefined;
  const { key, file, bytes, sha256, contentType, modifiedAt } = row;
  return {
    key: Buffer.from(key as Uint8Array).toString(),
    file: String(file),
    bytes: Number(bytes),
    sha256: String(sha256),
    contentType: contentType === null ? null : String(contentType),
    modifiedAt: Number(modifiedAt),
  };
}
