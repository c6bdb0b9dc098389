/** What a log is filtered by: words anywhere in it, and one field by its exact value. What is typed is looked for once there is time. */
import { useDeferredValue, useState } from "react";
import styles from "../fleet/fleet.module.css";

export interface RecordFilters {
  /** As they are typed. */
  readonly typed: Typed;
  type(change: Partial<Typed>): void;
  /** As they are looked for; undefined: all. */
  readonly search: string | undefined;
  readonly exact: string | undefined;
}

interface Typed {
  readonly search: string;
  readonly exact: string;
}

export function useRecordFilters(): RecordFilters {
  const [typed, setTyped] = useState<Typed>({ search: "", exact: "" });
  const search = useDeferredValue(typed.search.trim()) || undefined;
  const exact = useDeferredValue(typed.exact.trim()) || undefined;
  return { typed, type: (change) => setTyped({ ...typed, ...change }), search, exact };
}

interface RecordFilterBarProps {
  /** In the plural: "events". */
  readonly what: string;
  /** Of the field that is compared as a whole. */
  readonly exactLabel: string;
  readonly exactPlaceholder: string;
  readonly filters: RecordFilters;
}

export function RecordFilterBar({
  what,
  exactLabel,
  exactPlaceholder,
  filters: { typed, type },
}: RecordFilterBarProps) {
  return (
    <div className={styles.filters}>
      <input
        type="search"
        aria-label={`Search ${what}`}
        placeholder={`Search ${what}…`}
        value={typed.search}
        onChange={(event) => type({ search: event.target.value })}
      />
      <div>
        <input
          type="search"
          aria-label={exactLabel}
          placeholder={exactPlaceholder}
          value={typed.exact}
          onChange={(event) => type({ exact: event.target.value })}
        />
      </div>
    </div>
  );
}
