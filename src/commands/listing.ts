/** What the commands that list something print. */
import { type Column, tableLines } from "./app/table.ts";

export interface Listing<Row> {
  /** What the API has answered, in place of a table. */
  readonly json: boolean | undefined;
  readonly columns: readonly Column<Row>[];
  /** What is said where there is none, and how to come to one; without it the headings stand alone. */
  readonly none?: string;
}

export function printList<Row extends { readonly json: unknown }>(
  rows: readonly Row[],
  { json, columns, none }: Listing<Row>,
): void {
  if (json) console.log(JSON.stringify(rows.map((row) => row.json)));
  else if (rows.length === 0 && none !== undefined) console.error(none);
  else printTable(rows, columns);
}

/** As wide as the terminal is. Where there is none, whoever reads on may have all. */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const width = process.stdout.columns || Number.POSITIVE_INFINITY;
  for (const line of tableLines(rows, columns, width)) console.log(line);
}
