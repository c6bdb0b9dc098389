/** Many rows as a part of a statement: `select … from ${givenRows(…)} as r`.
 *
 *  PostgreSQL gets them as one parameter, so that the text of the statement is the same for one row and for a thousand. SQLite takes a list of values three times as fast as
 *  the same rows as JSON (12 against 40 µs for a row of a task); only what has more values than it has parameters goes as JSON there too. */
import { type RawBuilder, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";

type ColumnType = "text" | "integer" | "bigint";

/** SQLite takes 32,766. @see https://www.sqlite.org/limits.html */
const mostParameters = 30_000;

/** As in a `from`, in parentheses. Values are text, whole numbers or null; there is at least one row. */
export function givenRows<Row extends object>(
  dialect: DialectName,
  columns: Readonly<Record<keyof Row & string, ColumnType>>,
  rows: readonly Row[],
): RawBuilder<Row> {
  const names = Object.entries<ColumnType>(columns);
  if (dialect === "postgres") {
    const typed = names.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`);
    return sql`(select * from json_to_recordset(${JSON.stringify(rows)}::json) as given(${sql.join(typed)}))`;
  }
  if (names.length * rows.length > mostParameters) {
    const values = names.map(([name]) => sql`value->>${sql.lit(`$.${name}`)} as ${sql.ref(name)}`);
    return sql`(select ${sql.join(values)} from json_each(${JSON.stringify(rows)}))`;
  }
  const named = names.map(([name], i) => sql`${sql.ref(`column${i + 1}`)} as ${sql.ref(name)}`);
  return sql`(select ${sql.join(named)} from (values ${valueList(
    rows,
    names.map(([name]) => name as keyof Row),
  )}))`;
}

/** `(?, ?), (?, ?)`: one piece of SQL, not one per row and value, which would take longer to put together than to run. */
function valueList<Row extends object>(rows: readonly Row[], names: readonly (keyof Row)[]): RawBuilder<unknown> {
  const row = ["(", ...Array<string>(names.length - 1).fill(", ")];
  const texts = rows.flatMap((_, i) => (i === 0 ? row : [`), ${row[0]}`, ...row.slice(1)]));
  const values = rows.flatMap((given) => names.map((name) => given[name]));
  const template = Object.assign([...texts, ")"], { raw: [] });
  return sql(template, ...values);
}
