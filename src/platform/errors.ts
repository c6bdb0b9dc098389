/** The short list of what can go wrong. Each API maps every code to its own status and body, so a new code does not
 *  compile until every API has decided. */
export const yardErrorCodes = [
  "invalid",
  "unauthenticated",
  "forbidden",
  "not_found",
  "conflict",
  "precondition",
  "locked",
  "too_large",
  "too_many",
  "timeout",
  "interrupted",
  "unavailable",
  "storage_full",
  "internal",
] as const;
export type YardErrorCode = (typeof yardErrorCodes)[number];

export interface YardErrorOptions extends ErrorOptions {
  /** The input at fault, as a path in the caller's own words (`behavior.exit`), where there is one. */
  field?: string;
  /** When to come back, in milliseconds, for `too_many`, `locked` and `unavailable`. */
  retryAfterMs?: number;
  /** Facts that an API answers with, or decides by: the status that something was in, ids that are in the way. */
  details?: YardErrorDetails;
}

export type YardErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** An error that a caller may see. `message` says what failed, on what, and what to do next; it holds no secret. */
export class YardError extends Error {
  override readonly name = "YardError";
  readonly code: YardErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: YardErrorDetails | undefined;

  constructor(code: YardErrorCode, message: string, options: YardErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }
}

export function isYardError(error: unknown, code?: YardErrorCode): error is YardError {
  return error instanceof YardError && (code === undefined || error.code === code);
}

/** The errno of a failed system call (`ENOSPC`, `ENOENT`), or undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Turns the errors of a full disk or a read-only file system into one that the caller can act on; returns others as they are. */
export function asStorageError(error: unknown, what: string): unknown {
  const errno = errnoOf(error);
  const isSqliteFull =
    errno === "ERR_SQLITE_ERROR" && error instanceof Error && /full|readonly|disk I\/O/i.test(error.message);
  if (errno === "ENOSPC" || errno === "EDQUOT" || isSqliteFull) {
    return new YardError("storage_full", `${what}: the disk is full. Free some space; nothing was changed.`, {
      cause: error,
    });
  }
  if (errno === "EROFS") {
    return new YardError("unavailable", `${what}: the file system is read-only. Mount it writable.`, { cause: error });
  }
  return error;
}
