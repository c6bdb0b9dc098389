/** A store of snapshots for tests, over a new database and a new directory of blobs, with a clock that the test sets. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { openTestDatabase, type TestDatabase } from "../platform/db/testing.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";

export interface TestSnapshots extends AsyncDisposable {
  readonly snapshots: Snapshots;
  readonly database: TestDatabase;
  readonly clock: { time: number; now(): number; monotonic(): number };
  /** Of the blobs. */
  readonly directory: string;
  /** The same store without anything in memory. `whenWriting` runs each time before a pack reaches the disk. */
  reopen(options?: { readonly whenWriting?: () => Promise<void> }): Snapshots;
  /** On the disk. */
  blobBytes(): number;
}

export async function openTestSnapshots(
  openDatabase: () => Promise<TestDatabase> = () => openTestDatabase("sqlite"),
): Promise<TestSnapshots> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openDatabase());
  const directory = opened.use(temporaryDirectory()).path;
  const clock = { time: 1_000_000_000_000, now: () => clock.time, monotonic: () => clock.time };
  const blobs = opened.use(await openFileBlobStore({ directory, clock }));
  const reopen: TestSnapshots["reopen"] = ({ whenWriting = async () => {} } = {}) => {
    const put: BlobStore["put"] = async (...put) => {
      await whenWriting();
      return await blobs.put(...put);
    };
    return openSnapshots({ database, blobs: { ...blobs, put }, clock });
  };
  const lifetime = opened.move();
  return {
    ...{ snapshots: reopen(), database, clock, directory, reopen },
    blobBytes: () => packFiles(directory).reduce((sum, path) => sum + statSync(path).size, 0),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** The files of all packs. */
export function packFiles(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("index.db"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Everything in a tree: paths with what is there, as text. Directories that are empty are there too. */
export async function contentsOf(
  snapshots: Snapshots,
  teamId: string,
  id: string,
): Promise<Readonly<Record<string, string>>> {
  const tree = await snapshots.open(teamId, id);
  const contents: Record<string, string> = {};
  const walk = async (directory: string): Promise<void> => {
    for (const { name, type, mode } of await tree.readdir(directory)) {
      const path = directory === "" ? name : `${directory}/${name}`;
      if (type === "directory") await walk(path);
      if (type === "directory") contents[`${path}/`] = mode.toString(8);
      else if (type === "symlink") contents[path] = `-> ${await tree.readlink(path)}`;
      else contents[path] = `${mode.toString(8)} ${(await tree.read(path)).toString("latin1")}`;
    }
  };
  await walk("");
  return contents;
}
