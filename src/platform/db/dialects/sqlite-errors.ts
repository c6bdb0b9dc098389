import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, YardError } from "../../errors.ts";

/** SQLite's primary result codes. @see https://www.sqlite.org/rescode.html */
const codes = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** The primary result code of an error of `node:sqlite`; undefined for any other error. */
function resultCodeOf(error: unknown): number | undefined {
  if (errnoOf(error) !== "ERR_SQLITE_ERROR" || !(error instanceof Error)) return undefined;
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === codes.busy || code === codes.locked;
}

/** What a user can act on as a YardError; any other error as it is. */
export function translateSqliteError(error: unknown, path: string): unknown {
  switch (resultCodeOf(error)) {
    case codes.full:
      return new YardError("storage_full", `The disk of ${path} is full. Free some space; nothing was changed.`, {
        cause: error,
      });
    case codes.busy:
    case codes.locked:
      return new YardError(
        "unavailable",
        `The database ${path} is locked by another program. End that program, or try again.`,
        {
          cause: error,
          retryAfterMs: 1_000,
        },
      );
    case codes.readonly:
      return new YardError(
        "unavailable",
        `The database ${path} cannot be written. Make the file and its directory writable, and the file system not read-only.`,
        { cause: error },
      );
    case codes.cannotOpen:
      return new YardError(
        "unavailable",
        `The database ${path} cannot be opened. Check that its directory exists and is writable.`,
        {
          cause: error,
        },
      );
    case codes.notADatabase:
    case codes.corrupt:
      return new YardError(
        "precondition",
        `${path} is not a sound SQLite database. Move it away, or restore it from a backup.`,
        {
          cause: error,
        },
      );
    case codes.ioError:
      return new YardError(
        "unavailable",
        `The disk of ${path} failed or is full; nothing was changed. Check the disk, then try again.`,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}

/** Runs `attempt` until no other process holds SQLite's lock, for at most `timeoutMs`. SQLite's own busy timeout would block
 *  the event loop all that time, so it is kept to a few milliseconds and the waiting is done here. */
export async function whenNotBusy<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let delayMs = 2; ; delayMs = Math.min(delayMs * 2, 50)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await sleep(delayMs * (0.5 + Math.random() / 2)); // jitter: two processes that wait for each other's lock do not march in step
  }
}
