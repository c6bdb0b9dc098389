/** A button's work: while it goes on the button is busy, and when it fails a message says what did. */
import { useCallback, useState } from "react";
import { tellFailure } from "./toasts.tsx";

export function useAction(): [busy: boolean, run: (failure: string, work: () => Promise<void>) => void] {
  const [busy, setBusy] = useState(false);
  const run = useCallback((failure: string, work: () => Promise<void>) => {
    setBusy(true);
    work()
      .catch((error: unknown) => tellFailure(failure, error))
      .finally(() => setBusy(false));
  }, []);
  return [busy, run];
}
