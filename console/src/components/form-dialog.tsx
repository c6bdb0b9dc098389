/** A form in a dialog: it is busy while the yard works, and what is wrong is said in the form, where it can be mended. */
import { type FormEvent, type ReactNode, useState } from "react";
import { messageOf } from "../api/call-error.ts";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import styles from "./form-dialog.module.css";

interface FormDialogProps {
  readonly title: string;
  readonly description?: ReactNode;
  /** On the button, a verb: "Make it". */
  readonly action: string;
  /** Something is lost by it. */
  readonly isDanger?: boolean;
  /** For many fields side by side. */
  readonly isWide?: boolean;
  readonly children?: ReactNode;
  /** What comes of it is shown in its place by whoever opened it. */
  readonly staysOpen?: boolean;
  /** What it throws is shown in the form, else the dialog closes. */
  submit(): Promise<void>;
  onClose(): void;
}

/** To be there only while it is open: then each opening begins with fresh fields. */
export function FormDialog({
  title,
  description,
  action,
  isDanger = false,
  isWide = false,
  staysOpen = false,
  children,
  submit,
  onClose,
}: FormDialogProps) {
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    submit()
      .then(() => staysOpen || onClose())
      .catch((error: unknown) => {
        setFault(messageOf(error));
        setBusy(false);
      });
  }

  return (
    <Dialog isOpen isWide={isWide} onClose={onClose} title={title} description={description}>
      <form className={styles.form} onSubmit={onSubmit}>
        {children}
        {fault !== undefined && (
          <p role="alert" className={styles.fault}>
            {fault}
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={isDanger ? "danger" : "primary"} busy={busy}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
