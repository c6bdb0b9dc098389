/** A state in one word, with a colour that says how well that is; the word says it too. */
import { classNames } from "./class-names.ts";
import styles from "./status.module.css";

export type Tone = "good" | "warn" | "bad" | "info" | "calm";

export function Status({ tone, children, title }: { tone: Tone; children: string; title?: string }) {
  return (
    <span className={classNames(styles.status, styles[tone])} title={title}>
      {children}
    </span>
  );
}
