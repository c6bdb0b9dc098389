/** A page of rows that are all in memory, in the order that was asked for. What comes or goes between two pages moves no other row into or out of one: the next
 *  begins behind the place of the last row, and not behind so many rows. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import { placeFormat } from "./page.ts";

/** What a row is ordered by; rows that are equal in it are in the order of their ids. */
export type Orders<Row, Name extends string> = Readonly<Record<Name, (row: Row) => string | number | null>>;

/** Names of orders, with a minus in front for the reverse. */
export function sortNames<Name extends string>(orders: Readonly<Record<Name, unknown>>): (Name | `-${Name}`)[] {
  return (Object.keys(orders) as Name[]).flatMap((name): (Name | `-${Name}`)[] => [name, `-${name}`]);
}

const SortedPlace = Type.Object({
  sort: Type.String(),
  key: Type.Union([Type.String(), Type.Number(), Type.Null()]),
  id: Type.String(),
});
const places = placeFormat(SortedPlace);

interface Placed<Row> {
  readonly row: Row;
  readonly key: string | number | null;
  readonly id: string;
}

export interface SortedPage<Row> {
  readonly items: Row[];
  readonly next: string | null;
  readonly total: number;
}

/** @throws {YardError} invalid (`after`): of another list, or another order of this one */
export function sortedPage<Row, Name extends string>(
  rows: readonly Row[],
  { sort, after, limit }: { readonly sort: Name | `-${Name}`; readonly after?: string; readonly limit: number },
  { orders, idOf }: { readonly orders: Orders<Row, Name>; idOf(row: Row): string },
): SortedPage<Row> {
  const isReverse = sort.startsWith("-");
  const orderOf = orders[(isReverse ? sort.slice(1) : sort) as Name];
  const place = places.read(after);
  if (place !== undefined && place.sort !== sort)
    throw new YardError("invalid", "is the `next` of another order", { field: "after" });
  const compare = (a: Omit<Placed<Row>, "row">, b: Omit<Placed<Row>, "row">) =>
    compareKeys(a.key, b.key) * (isReverse ? -1 : 1) || compareKeys(a.id, b.id);
  const following = rows
    .map((row): Placed<Row> => ({ row, key: orderOf(row), id: idOf(row) }))
    .filter((one) => place === undefined || compare(one, place) > 0)
    .sort(compare);
  const page = following.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ row }) => row),
    next: last && following.length > page.length ? places.write({ sort, key: last.key, id: last.id }) : null,
    total: rows.length,
  };
}

/** Nothing before everything; numbers before texts, which keys of one order never mix. */
function compareKeys(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}
