/** The parts of a page, each with an address of its own: a link to one can be sent to somebody, and a reload stays where it is. */
import { Link } from "wouter";
import styles from "./tabs.module.css";

export interface Tab {
  /** The end of its address; "" for the first one. */
  readonly id: string;
  readonly title: string;
}

interface TabsProps {
  /** What the tabs are parts of. */
  readonly label: string;
  readonly base: string;
  readonly tabs: readonly Tab[];
  /** The id of the one that is shown. */
  readonly active: string;
}

export function Tabs({ label, base, tabs, active }: TabsProps) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {tabs.map(({ id, title }) => (
        <Link
          key={id}
          href={id === "" ? base : `${base}/${id}`}
          className={styles.tab}
          aria-current={id === active ? "page" : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}
