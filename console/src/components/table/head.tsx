/** The titles of a table's columns, by which it is sorted. */
import { classNames } from "../class-names.ts";
import type { Column, Order } from "./columns.ts";
import styles from "./table.module.css";

interface TableHeadProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly order: Order | undefined;
  onSort(order: Order): void;
}

export function TableHead<Row>({ columns, order, onSort }: TableHeadProps<Row>) {
  const directionOf = (id: string) => {
    if (order?.column !== id) return undefined;
    return order.isDescending ? "descending" : "ascending";
  };
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.headRow}>
        {columns.map(({ id, title, sortBy, isSecondary, isNumber }) => (
          <div
            key={id}
            role="columnheader"
            aria-sort={directionOf(id)}
            className={classNames(styles.cell, isSecondary && styles.secondary, isNumber && styles.number)}
          >
            {sortBy ? (
              <button
                type="button"
                className={styles.sort}
                onClick={() => onSort({ column: id, isDescending: directionOf(id) === "ascending" })}
              >
                {title}
                <span aria-hidden="true">{arrowOf(directionOf(id))}</span>
              </button>
            ) : (
              title
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function arrowOf(direction: "ascending" | "descending" | undefined): string {
  if (direction === undefined) return "";
  return direction === "ascending" ? " ↑" : " ↓";
}
