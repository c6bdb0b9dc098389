/** Text as it is, in a box that scrolls, by keyboard too. */
import { classNames } from "./class-names.ts";
import styles from "./scroll-text.module.css";

export function ScrollText({ label, className, children }: { label: string; className?: string; children: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={classNames(styles.box, className)} aria-label={label} tabIndex={0}>
      <pre>{children}</pre>
    </section>
  );
}
