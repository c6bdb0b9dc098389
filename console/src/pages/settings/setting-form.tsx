/** A few settings that are written together. */
import { type FormEvent, type ReactNode, useState } from "react";
import { messageOf } from "../../api/call-error.ts";
import { Button } from "../../components/button.tsx";
import { Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import styles from "./settings.module.css";

interface SettingFormProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly more?: ReactNode;
  submit(): Promise<void>;
}

export function SettingForm({ title, children, more, submit }: SettingFormProps) {
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    submit()
      .then(
        () => tell("Written"),
        (error: unknown) => setFault(messageOf(error)),
      )
      .finally(() => setBusy(false));
  }
  return (
    <Panel title={title}>
      <form className={styles.form} onSubmit={onSubmit}>
        {children}
        {fault !== undefined && (
          <p role="alert" className={styles.fault}>
            {fault}
          </p>
        )}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={busy}>
            Write
          </Button>
          {more}
        </div>
      </form>
    </Panel>
  );
}
