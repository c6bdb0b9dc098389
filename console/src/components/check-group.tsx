/** Check boxes that belong together, under what they say together. */
import type { ReactNode } from "react";
import styles from "./check-group.module.css";

export function CheckGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={styles.group}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}
