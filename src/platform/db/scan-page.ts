/** A page of a long list, in an order that never changes: read from where the page before has ended, and, where only some rows match, in slices, so that
 *  neither memory nor the time of one request grows with the list. */

export interface ScanParts<Row, Place> {
  /** Where the page before has ended; undefined: at the beginning. */
  readonly from: Place | undefined;
  readonly limit: number;
  /** The rows that follow a place, at most so many. Fewer: there are no more. */
  read(from: Place | undefined, limit: number): Promise<readonly Row[]>;
  /** Where a row is in the order. */
  placeOf(row: Row): Place;
  /** Absent: all do. */
  readonly matches?: (row: Row) => boolean;
}

export interface ScannedPage<Row, Place> {
  /** May be fewer than `limit`, also while there are more. */
  readonly rows: readonly Row[];
  /** Undefined: the list ends here. */
  readonly next: Place | undefined;
}

const rowsOfSlice = 500;
/** Of one page. */
const mostLookedAt = 5_000;

export async function scanPage<Row, Place>({
  from,
  limit,
  read,
  placeOf,
  matches,
}: ScanParts<Row, Place>): Promise<ScannedPage<Row, Place>> {
  const rows: Row[] = [];
  const size = matches ? rowsOfSlice : limit + 1; // one more tells whether there are more
  let at = from;
  for (let looked = 0; looked < mostLookedAt; looked += size) {
    const slice = await read(at, size);
    for (const row of slice) {
      if (rows.length === limit) return { rows, next: at };
      at = placeOf(row);
      if (!matches || matches(row)) rows.push(row);
    }
    if (slice.length < size) return { rows, next: undefined };
  }
  return { rows, next: at };
}
