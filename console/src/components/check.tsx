/** A labelled check box. */
import { type InputHTMLAttributes, type ReactNode, useId } from "react";
import styles from "./check.module.css";

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "children"> {
  readonly children: ReactNode;
  /** What follows from it. */
  readonly hint?: string;
  onChange(checked: boolean): void;
}

export function Check({ children, hint, onChange, ...input }: CheckProps) {
  const hintId = useId();
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        {...input}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        {children}
        {hint !== undefined && (
          <span id={hintId} className={styles.hint}>
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}
