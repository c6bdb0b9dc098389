/** A labelled input, with what is wrong with it. */
import { Field as Base } from "@base-ui/react/field";
import type { InputHTMLAttributes } from "react";
import { classNames } from "./class-names.ts";
import styles from "./field.module.css";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string;
  readonly isMono?: boolean;
}

export function Field({ label, hint, error, isMono = false, className, ...input }: FieldProps) {
  return (
    <Base.Root className={classNames(styles.field, className)} invalid={error !== undefined}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      <Base.Control {...input} className={classNames(styles.input, isMono && styles.mono)} />
      {hint !== undefined && <Base.Description className={styles.hint}>{hint}</Base.Description>}
      {error !== undefined && (
        <Base.Error match className={styles.error}>
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}
