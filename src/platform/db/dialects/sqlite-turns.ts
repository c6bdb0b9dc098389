/** Turns on SQLite's one writing connection. To whoever takes a turn it is a transaction of its own, but turns that wait for one another
 *  share a commit: one whose successor is waiting already leaves its changes in the open transaction, and the commit to the successor.
 *  So a hundred writers that come together cost one commit. None is told of success before its changes are on the disk (sqlite-log-sync.ts); readers,
 *  and the turns after it, see them from its commit on.
 *
 *  What undoes the whole transaction (a full disk, a failed commit) undoes the turns that wait for it too: all fail with the same error. */
import type { DatabaseSync } from "node:sqlite";
import { whenNotBusy } from "./sqlite-errors.ts";
import type { LogSync } from "./sqlite-log-sync.ts";
import { createWriteLock } from "./write-lock.ts";

export interface WriteTurns {
  /** Waits for the turn and begins its transaction. @throws {YardError} unavailable, when others have not let go in time; SQLite's own errors */
  begin(): Promise<Turn>;
  /** One statement as a turn. Resolves as the commit of one. */
  run<T>(statement: () => T, options?: CommitOptions): Promise<T>;
  /** Resolves when the last turn is over; none is given afterwards. */
  close(): Promise<void>;
}

export interface Turn {
  run<T>(statement: () => T): T;
  /** Resolves when its changes are on the disk, or only committed; a failure has undone them. */
  commit(options?: CommitOptions): Promise<void>;
  /** Does nothing after `commit`. */
  rollback(): void;
}

export interface CommitOptions {
  /** Nobody waits for the disk: see `Database.unsynced`. */
  readonly unsynced?: boolean;
}

/** A turn that has ended in the open transaction, and waits for its commit. */
interface EndedTurn extends PromiseWithResolvers<void> {
  readonly unsynced: boolean;
}

/** More would keep the first of them waiting for long. */
const mostTurnsPerCommit = 100;

export interface WriteTurnsParts {
  readonly writer: DatabaseSync;
  readonly logSync: LogSync;
  readonly timeoutMs: number;
}

export function createWriteTurns({ writer, logSync, timeoutMs }: WriteTurnsParts): WriteTurns {
  const lock = createWriteLock({ timeoutMs });
  const ended: EndedTurn[] = [];

  async function open(): Promise<void> {
    if (!writer.isTransaction) await whenNotBusy(() => writer.exec("BEGIN IMMEDIATE"), timeoutMs);
  }

  function commitAll(): void {
    try {
      writer.exec("COMMIT");
    } catch (error) {
      failAll(error);
      return;
    }
    const turns = ended.splice(0);
    const isWaitedFor = turns.some(({ unsynced }) => !unsynced);
    const synced = isWaitedFor ? logSync.done() : logSync.later();
    for (const { unsynced, resolve } of turns) resolve(unsynced ? undefined : synced);
  }

  function failAll(error: unknown): void {
    if (writer.isTransaction) writer.exec("ROLLBACK");
    for (const turn of ended.splice(0)) turn.reject(error);
  }

  /** A failed statement has undone itself. On a full disk SQLite undoes everything, and the turns before this one with it. */
  function attempt<T>(statement: () => T): T {
    try {
      return statement();
    } catch (error) {
      if (!writer.isTransaction) failAll(error);
      throw error;
    }
  }

  /** Whoever comes next commits, if somebody is waiting to. */
  function pass(): void {
    if (!writer.isTransaction) failAll(undone());
    else if (!lock.isAwaited || ended.length >= mostTurnsPerCommit) commitAll();
    lock.release();
  }

  function leaveChanges({ unsynced = false }: CommitOptions = {}): Promise<void> {
    const turn = { ...Promise.withResolvers<void>(), unsynced };
    ended.push(turn);
    pass();
    return turn.promise;
  }

  function createTurn(): Turn {
    const isFirst = ended.length === 0; // what is undone with it is then the whole transaction
    if (!isFirst) attempt(() => writer.exec("SAVEPOINT turn"));
    let isOver = false;
    return {
      run(statement) {
        if (!writer.isTransaction) throw undone();
        return attempt(statement);
      },
      commit(options) {
        if (!isFirst) this.run(() => writer.exec("RELEASE turn"));
        isOver = true;
        return leaveChanges(options);
      },
      rollback() {
        if (isOver) return;
        isOver = true;
        try {
          if (writer.isTransaction) attempt(() => writer.exec(isFirst ? "ROLLBACK" : "ROLLBACK TO turn; RELEASE turn"));
        } finally {
          pass();
        }
      },
    };
  }

  return {
    async begin() {
      await lock.acquire();
      try {
        await open();
        return createTurn();
      } catch (error) {
        pass();
        throw error;
      }
    },

    async run(statement, options) {
      await lock.acquire();
      const isAlone = !writer.isTransaction && !lock.isAwaited; // then SQLite commits the statement by itself
      let result: ReturnType<typeof statement>;
      try {
        if (!isAlone) await open();
        result = isAlone ? await whenNotBusy(statement, timeoutMs) : attempt(statement);
      } catch (error) {
        pass();
        throw error;
      }
      if (isAlone) {
        pass();
        if (options?.unsynced) logSync.later();
        else await logSync.done();
      } else await leaveChanges(options);
      return result;
    },

    async close() {
      await lock.acquire();
      if (writer.isTransaction) commitAll();
      await logSync.close();
    },
  };
}

function undone(): Error {
  return new Error("The transaction was rolled back by an earlier error.");
}
