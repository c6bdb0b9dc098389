import { errnoOf, YardError } from "../../errors.ts";

/** SQLSTATE codes. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const serializationFailures: ReadonlySet<string> = new Set(["40001", "40P01"]);
const refusals: ReadonlySet<string> = new Set(["28000", "28P01", "3D000", "42501"]);
const diskFull: ReadonlySet<string> = new Set(["53100", "ENOSPC"]);
const timeouts: ReadonlySet<string> = new Set(["57014", "55P03"]);
const notText: ReadonlySet<string> = new Set(["22021", "22P05"]);
/** Too many connections, shutting down, crashed, starting up, read-only standby, lost in between. */
const outages =
  /^(08...|53300|57P0[1235]|25006|25P03|E(CONN[A-Z]+|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|NOENT))$/;
/** `pg` gives no code for what it notices itself. */
const outageMessages = /^(Connection terminated|Query read timeout|Client (was closed|has encountered))/;
const poolExhausted = "timeout exceeded when trying to connect";

/** It has changed nothing, and may succeed when it is run again: another transaction came first, or one of its statements was prepared too long ago. */
export function wasUndone(error: unknown): boolean {
  return serializationFailures.has(errnoOf(error) ?? "") || isOutdatedPlan(error);
}

/** A statement that was prepared before a table has got another column. It has done nothing. */
export function isOutdatedPlan(error: unknown): boolean {
  return errnoOf(error) === "0A000" && error instanceof Error && error.message.startsWith("cached plan");
}

/** The connection is of no use any more, whatever the server says about the statement. */
export function isConnectionLost(error: unknown): boolean {
  return outages.test(errnoOf(error) ?? "") || (error instanceof Error && outageMessages.test(error.message));
}

/** When a caller is to come back: not all of them in the same moment. */
export function comeBackMs(): number {
  return 1_000 + Math.random() * 4_000;
}

/** What a user can act on as a YardError; any other error as it is. @param location `host:port/name`, without the password */
export function translatePostgresError(error: unknown, location: string): unknown {
  const code = errnoOf(error) ?? "";
  const reason = error instanceof Error ? error.message || code : code;
  const options = { cause: error };
  if (isConnectionLost(error)) {
    return new YardError(
      "unavailable",
      `The database ${location} does not answer (${reason}). Check that PostgreSQL runs and can be reached.`,
      {
        ...options,
        retryAfterMs: comeBackMs(),
      },
    );
  }
  if (reason === poolExhausted) {
    return new YardError("unavailable", `All connections to the database ${location} are busy. Try again.`, {
      ...options,
      retryAfterMs: 1_000,
    });
  }
  if (diskFull.has(code)) {
    return new YardError(
      "storage_full",
      `The disk of the database ${location} is full. Free some space; nothing was changed.`,
      options,
    );
  }
  if (timeouts.has(code))
    return new YardError("timeout", `The database ${location} took too long and was stopped. Try again.`, options);
  if (refusals.has(code)) {
    return new YardError(
      "precondition",
      `The database ${location} refused us: ${reason}. Check user, password and database name.`,
      options,
    );
  }
  if (notText.has(code)) return new YardError("invalid", "Text must be valid UTF-8 without NUL characters.", options);
  return error;
}
