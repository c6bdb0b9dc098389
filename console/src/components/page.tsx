/** The frame of a page: its title, what can be done, and panels. */
import { type ReactNode, useEffect } from "react";
import { classNames } from "./class-names.ts";
import styles from "./page.module.css";

interface PageProps {
  readonly title: string;
  /** Beside the title. */
  readonly badge?: ReactNode;
  /** Under it. */
  readonly subtitle?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, badge, subtitle, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Runyard`;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h1>
            {title} {badge}
          </h1>
          {subtitle !== undefined && <p className={styles.subtitle}>{subtitle}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface PanelProps {
  readonly title?: string;
  readonly actions?: ReactNode;
  /** Its content goes up to its edges: a table, a log. */
  readonly isFlush?: boolean;
  readonly children: ReactNode;
}

export function Panel({ title, actions, isFlush = false, children }: PanelProps) {
  return (
    <section className={styles.panel} aria-label={title}>
      {(title !== undefined || actions !== undefined) && (
        <header className={styles.panelHeader}>
          {title !== undefined && <h2>{title}</h2>}
          {actions}
        </header>
      )}
      <div className={classNames(!isFlush && styles.padded)}>{children}</div>
    </section>
  );
}

/** Names and values in two columns. */
export function Facts({ facts }: { facts: Readonly<Record<string, ReactNode>> }) {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  return (
    <dl className={styles.facts}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
