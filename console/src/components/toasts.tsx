/** Short messages in a corner: what was done, or why it was not. They wait while one reads or points at them. */
import { Toast } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { isAborted, messageOf } from "../api/call-error.ts";
import { classNames } from "./class-names.ts";
import styles from "./toasts.module.css";

const toasts = Toast.createToastManager();

export function tell(title: string, description?: string): void {
  toasts.add({ title, description, timeout: 5_000 });
}

/** @param what was tried, as "Could not delete web" */
export function tellFailure(what: string, error: unknown): void {
  if (!isAborted(error))
    toasts.add({ title: what, description: messageOf(error), type: "error", priority: "high", timeout: 12_000 });
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(styles.toast, toast.type === "error" && styles.error)}
    >
      <Toast.Content className={styles.content}>
        <Toast.Title className={styles.title} />
        <Toast.Description className={styles.description} />
      </Toast.Content>
      <Toast.Close className={styles.close} aria-label="Dismiss">
        ×
      </Toast.Close>
    </Toast.Root>
  ));
}
