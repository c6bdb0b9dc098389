/** Asks before something is lost, and says what. */
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { type ReactNode, useRef } from "react";
import { createObservable, useObservable } from "../api/observable.ts";
import { Button } from "./button.tsx";
import styles from "./dialog.module.css";

interface Question {
  /** As a question: "Delete the app web?" */
  readonly title: string;
  /** What will be lost, and what not. */
  readonly lost: ReactNode;
  /** On the button, a verb: "Delete". */
  readonly action: string;
}

interface Asked extends Question {
  answer(yes: boolean): void;
}

const asked = createObservable<Asked | undefined>(undefined);

/** @returns whether the person wants it */
export function confirm(question: Question): Promise<boolean> {
  asked.get()?.answer(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  asked.set({
    ...question,
    answer(yes) {
      asked.set(undefined);
      resolve(yes);
    },
  });
  return promise;
}

/** Where questions appear; there is one in the page. */
export function ConfirmDialogs() {
  const question = useObservable(asked);
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open={question !== undefined} onOpenChange={(open) => open || question?.answer(false)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        {/* The focus begins where Enter does no harm. */}
        <AlertDialog.Popup className={styles.popup} initialFocus={cancel}>
          <AlertDialog.Title className={styles.title}>{question?.title}</AlertDialog.Title>
          <AlertDialog.Description className={styles.description} render={<div />}>
            {question?.lost}
          </AlertDialog.Description>
          <div className={styles.actions}>
            <AlertDialog.Close ref={cancel} render={<Button>Cancel</Button>} />
            <Button kind="danger" onClick={() => question?.answer(true)}>
              {question?.action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
