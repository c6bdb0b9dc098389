/** In place of what is not there: why, and what to do. */
import type { ReactNode } from "react";
import { messageOf } from "../api/call-error.ts";
import { Button } from "./button.tsx";
import styles from "./empty.module.css";

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  /** There is nothing else on the page: then this is what it is about. */
  readonly isWholePage?: boolean;
}

export function Empty({ title, children, actions, isWholePage = false }: EmptyProps) {
  return (
    <div className={styles.empty}>
      {isWholePage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

interface FailedProps {
  /** "The apps cannot be shown" */
  readonly what: string;
  readonly error: unknown;
  readonly retry?: () => void;
  readonly isWholePage?: boolean;
}

export function Failed({ what, error, retry, isWholePage }: FailedProps) {
  return (
    <div role="alert">
      <Empty title={what} isWholePage={isWholePage} actions={retry && <Button onClick={retry}>Try again</Button>}>
        {messageOf(error)}
      </Empty>
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className={styles.loading} role="status">
      Loading {what}…
    </p>
  );
}
