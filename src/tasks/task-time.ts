/** By which clock leases run out and tasks get their times: one for all. Yards that share PostgreSQL use the database's; a yard with SQLite is alone and
 *  uses its own, which never jumps while it runs: a wall clock that is set must neither lose workers nor keep them. */
import { type RawBuilder, sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { DialectName } from "../platform/db/database.ts";

/** Now, in milliseconds since 1970, for use in a statement. */
export type TaskTime = () => RawBuilder<number>;

export function createTaskTime(dialect: DialectName, clock: Clock): TaskTime {
  if (dialect === "postgres") return () => sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  const startedAt = clock.now() - clock.monotonic();
  return () => sql<number>`${Math.round(startedAt + clock.monotonic())}`;
}
