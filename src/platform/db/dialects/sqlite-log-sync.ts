/** Waits for the disk, off the event loop. SQLite would do it inside of each COMMIT, and nothing else would happen for those one or two milliseconds. With
 *  `synchronous = NORMAL` a commit is in the log at once, whole or not at all after any crash, but not yet surely on the disk; who made it is told once
 *  one `fdatasync` of the log that began after it has ended, which serves all commits of the meantime.
 *
 *  SQLite itself goes on to sync what its own order needs: the log before its pages are folded into the file, and the file before the log begins anew.
 *  @see https://www.sqlite.org/pragma.html#pragma_synchronous */
import { close, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import { after } from "../../timers.ts";

export interface LogSync {
  /** Resolves when all that was committed before this call is on the disk.
   *  @throws {Error} the disk has failed. From then on nobody knows what of the log is on it, so it always throws */
  done(): Promise<void>;
  /** Nobody waits for what was just committed: the next `done` takes it along, or else it is synced by itself within a second. */
  later(): void;
  /** Resolves when no sync is under way any more; none may be asked for afterwards. */
  close(): Promise<void>;
}

export function openLogSync(databasePath: string): LogSync {
  // SQLite's own locks are on the database and its index, never on the log: closing this one lets go of none of them.
  const log = openSync(`${databasePath}-wal`, "r+");
  const sync = createLogSync(() => promisify(fdatasync)(log));
  return {
    done: () => sync.done(),
    later: () => sync.later(),
    async close() {
      await sync.close();
      await promisify(close)(log);
    },
  };
}

/** Until what nobody waits for is synced by itself. */
const laterMs = 1_000;

/** @param syncOnce one wait for the disk */
export function createLogSync(syncOnce: () => Promise<void>): LogSync {
  let underWay: Promise<void> | undefined;
  /** For those who have come since that began. */
  let next: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  /** Set while something is committed that no sync has begun for. */
  let left: Disposable | undefined;

  function settleLeft(): void {
    left?.[Symbol.dispose]();
    left = undefined;
  }

  async function sync(): Promise<void> {
    if (failure) throw failure.error;
    try {
      await syncOnce();
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  function begin(): Promise<void> {
    settleLeft();
    const begun = sync();
    underWay = begun;
    const over = () => {
      if (underWay === begun) underWay = undefined;
    };
    begun.then(over, over);
    return begun;
  }

  function done(): Promise<void> {
    if (underWay === undefined) return begin();
    next ??= underWay
      .catch(() => {}) // its own callers are told
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  }

  return {
    done,
    later() {
      left ??= after(laterMs, () => void done().catch(() => {})); // a failure is told to all who wait from then on
    },
    async close() {
      if (left !== undefined) await done().catch(() => {});
      while (underWay !== undefined) await (next ?? underWay).catch(() => {});
    },
  };
}
