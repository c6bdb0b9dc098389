import { join } from "node:path";
import { openFileBlobStore } from "../../src/platform/blobs/file-store.ts";
import { systemClock as clock } from "../../src/platform/clock.ts";
import { openDatabase } from "../../src/platform/db/database.ts";
import { openSnapshots, type Snapshots } from "../../src/snapshots/snapshots.ts";
import type { Bench } from "./figure.ts";
import { openTemporaryDirectory } from "./temporary.ts";
import type { TreeFiles } from "./tree.ts";

/** The files as a snapshot in a store of its own, on SQLite. */
export interface SnapshotTree extends AsyncDisposable {
  readonly snapshots: Snapshots;
  readonly team: string;
  readonly id: string;
  /** The same store as a process has it that has just started: nothing in memory. */
  reopen(): Snapshots;
  /** @returns the snapshot that the files make of another one */
  edit(base: string, files: TreeFiles): Promise<string>;
}

export async function openSnapshotTree(bench: Bench, files: TreeFiles): Promise<SnapshotTree> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "snapshots")).path;
  const database = opened.use(await openDatabase({ dialect: "sqlite", path: join(directory, "bench.db") }));
  const blobs = opened.use(await openFileBlobStore({ directory, clock }));
  const reopen = () => openSnapshots({ database, blobs, clock });
  const snapshots = reopen();
  const team = "team_bench";
  const edit = async (base: string, changed: TreeFiles): Promise<string> => {
    const tree = await snapshots.open(team, base, { directories: "implicit" });
    for (const [path, text] of changed) await tree.write(path, Buffer.from(text));
    return await tree.save();
  };
  const id = await edit(snapshots.emptyId, files);
  const lifetime = opened.move();
  return { ...{ snapshots, team, id, edit, reopen }, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
