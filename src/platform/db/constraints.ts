import { errnoOf } from "../errors.ts";

/** Whether a write failed because another row has the same value already.
 *  @param column `table.column`, for a unique index of that one column; without it, any unique index or primary key */
export function isUniqueViolation(error: unknown, column?: `${string}.${string}`): boolean {
  if (!(error instanceof Error)) return false;
  switch (errnoOf(error)) {
    case "ERR_SQLITE_ERROR":
      return (
        /^UNIQUE constraint failed: (.*)$/.test(error.message) &&
        (column === undefined || error.message.endsWith(`: ${column}`))
      );
    case "23505":
      return column === undefined || ("constraint" in error && error.constraint === uniqueIndexName(column));
    default:
      return false;
  }
}

/** What a unique index of one column is called, by rule: PostgreSQL reports its name, SQLite the column. */
export function uniqueIndexName(column: `${string}.${string}`): string {
  return `${column.replace(".", "_")}_unique`;
}
