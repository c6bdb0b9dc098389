/** By which clock leases run out and what is queued gets its times: one for all. Yards that share PostgreSQL use the database's; a yard with SQLite is
 *  alone and uses its own, which never jumps while it runs: a wall clock that is set must neither lose whoever holds a lease nor keep them. */
import { type RawBuilder, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { DialectName } from "./database.ts";
import { atRun } from "./prepared.ts";

/** Now, in milliseconds since 1970, for use in a statement. */
export interface SharedTime {
  (): RawBuilder<number>;
  /** For a prepared query: the time of each run. */
  readonly atRun: RawBuilder<number>;
}

export function createSharedTime(dialect: DialectName, clock: Clock): SharedTime {
  if (dialect === "postgres") {
    const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
    return Object.assign(() => now, { atRun: now });
  }
  const startedAt = clock.now() - clock.monotonic();
  const milliseconds = () => Math.round(startedAt + clock.monotonic());
  return Object.assign(() => sql<number>`${milliseconds()}`, { atRun: atRun(milliseconds) });
}
