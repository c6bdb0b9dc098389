/** Moving through rows by keyboard: one of them takes the focus, and arrow keys pass it on. */
import { type FocusEvent, type KeyboardEvent, type MouseEvent, useRef, useState } from "react";

interface RowKeys {
  readonly count: number;
  /** Brings a row into sight. */
  show(index: number): void;
  open(index: number): void;
}

const pageRows = 10;

export function useRowKeys({ count, show, open }: RowKeys) {
  const [wanted, setWanted] = useState(0);
  /** The row to focus once it exists: it may be out of sight yet. */
  const coming = useRef<number>(undefined);
  const active = Math.min(wanted, count - 1);

  function onKeyDown(event: KeyboardEvent<HTMLElement>, index: number): void {
    if (event.target !== event.currentTarget) return; // of a button inside of the row
    if (event.key === "Enter") open(index);
    const next = targetOf(event.key, index, count);
    if (next === undefined) return;
    event.preventDefault();
    coming.current = next;
    setWanted(next);
    show(next);
  }

  return {
    active,
    rowProps: (index: number) => ({
      onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKeyDown(event, index),
      onFocus: (event: FocusEvent<HTMLElement>) => event.target === event.currentTarget && setWanted(index),
      onClick: ({ target, currentTarget }: MouseEvent<HTMLElement>) => {
        // What is portalled out of the row, a menu of it, is in it for React alone.
        if (!(target instanceof Element) || !currentTarget.contains(target)) return;
        const isControl = target.closest("a, button, input") !== null;
        if (!isControl && window.getSelection()?.isCollapsed !== false) open(index);
      },
      ref: (element: HTMLElement | null) => {
        if (element === null || coming.current !== index) return;
        coming.current = undefined;
        element.focus({ preventScroll: true });
      },
    }),
  };
}

function targetOf(key: string, index: number, count: number): number | undefined {
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + pageRows,
    PageUp: index - pageRows,
    Home: 0,
    End: count - 1,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.max(0, Math.min(count - 1, target));
}
