/** A labelled choice of one among a few. The browser's own, which every keyboard and screen reader knows. */
import { type SelectHTMLAttributes, useId } from "react";
import { classNames } from "./class-names.ts";
import styles from "./field.module.css";

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  readonly label: string;
  readonly hint?: string;
  /** The label is read, and not seen. */
  readonly isBare?: boolean;
  readonly options: readonly { readonly value: string; readonly title: string }[];
}

export function Select({ label, hint, isBare = false, options, className, ...select }: SelectProps) {
  const id = useId();
  const hintId = useId();
  return (
    <div className={classNames(styles.field, className)}>
      {!isBare && (
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
      )}
      <select
        id={id}
        {...select}
        className={styles.input}
        aria-label={isBare ? label : undefined}
        aria-describedby={hint === undefined ? undefined : hintId}
      >
        {options.map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p id={hintId} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
