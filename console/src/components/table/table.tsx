/** A table of many rows: only those in sight exist. Columns sort, arrow keys move from row to row, Enter opens one.
 *  It is a grid of `div`s by role: the elements of tables can neither be placed row by row nor scroll below their head. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useMemo, useRef, useState } from "react";
import { classNames } from "../class-names.ts";
import { Empty, Failed, Loading } from "../empty.tsx";
import { type Column, type Order, sortRows } from "./columns.ts";
import { TableHead } from "./head.tsx";
import styles from "./table.module.css";
import { useRowKeys } from "./use-row-keys.ts";

interface TableProps<Row> {
  /** What the rows are, in the plural: "apps". */
  readonly what: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined while nothing is known. */
  readonly rows: readonly Row[] | undefined;
  readonly rowId: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  /** Rows without these words are left out; none: all are shown. */
  readonly search?: { readonly words: string; readonly textOf: (row: Row) => string };
  /** The order to begin with. */
  readonly order?: Order;
  /** The rows come in the order that `order` says: whoever gives them sorts, as not all of them are here. */
  readonly onSort?: (order: Order) => void;
  readonly error?: unknown;
  readonly onRetry?: () => void;
  /** Shown when there are no rows at all. */
  readonly empty: ReactNode;
  /** There are more rows at the yard: called when the last one comes into sight. */
  readonly onMore?: () => void;
}

const rowHeight = 42;

export function Table<Row>(props: TableProps<Row>) {
  const { what, columns, rows, search, error, onRetry, empty } = props;
  const [chosen, setChosen] = useState(props.order);
  const isSortedHere = props.onSort === undefined;
  const order = isSortedHere ? chosen : props.order;
  const words = search?.words.trim().toLowerCase() ?? "";
  const textOf = search?.textOf;
  const shown = useMemo(() => {
    const found = (rows ?? []).filter((row) => words === "" || !textOf || textOf(row).toLowerCase().includes(words));
    return isSortedHere ? sortRows(found, columns, order) : found;
  }, [rows, columns, order, isSortedHere, words, textOf]);

  if (rows === undefined)
    return error === undefined ? (
      <Loading what={what} />
    ) : (
      <Failed what={`The ${what} cannot be shown`} error={error} retry={onRetry} />
    );
  if (rows.length === 0) return empty;
  if (shown.length === 0)
    return <Empty title={`No ${what} match “${search?.words.trim()}”`}>Search for something else.</Empty>;
  return <Rows {...props} shown={shown} sorting={order} onSort={props.onSort ?? setChosen} />;
}

interface RowsProps<Row> extends TableProps<Row> {
  readonly shown: readonly Row[];
  readonly sorting: Order | undefined;
  onSort(order: Order): void;
}

function Rows<Row>({ what, columns, shown, rowId, onOpen, onMore, sorting, onSort }: RowsProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    onChange: (instance) => {
      if (onMore && (instance.range?.endIndex ?? 0) >= shown.length - 1) onMore();
    },
  });
  const { active, rowProps } = useRowKeys({
    count: shown.length,
    show: (index) => virtual.scrollToIndex(index),
    open: (index) => onOpen?.(shown[index]!),
  });
  const narrow = columns.filter((column) => !column.isSecondary);
  const tracks = (some: readonly Column<Row>[]) => some.map(({ width = "minmax(6rem, 1fr)" }) => width).join(" ");
  return (
    <div
      ref={box}
      className={styles.box}
      role="grid"
      aria-label={what}
      aria-rowcount={shown.length + 1}
      style={{ "--tracks": tracks(columns), "--narrow-tracks": tracks(narrow) } as CSSProperties}
    >
      <TableHead columns={columns} order={sorting} onSort={onSort} />
      <div role="rowgroup" className={styles.rows} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = shown[index]!;
          return (
            <div
              key={rowId(row)}
              role="row"
              aria-rowindex={index + 2}
              className={classNames(styles.row, onOpen && styles.opens)}
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
              {...rowProps(index)}
              tabIndex={index === active ? 0 : -1}
            >
              {columns.map((column) => (
                <div key={column.id} role="gridcell" className={cellClass(column)}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function cellClass<Row>({ isSecondary, isNumber }: Column<Row>): string {
  return classNames(styles.cell, isSecondary && styles.secondary, isNumber && styles.number);
}
