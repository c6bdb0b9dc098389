/** A form's way to the yard and back: busy meanwhile, and what was wrong with it. */
import { type FormEvent, useState } from "react";
import { messageOf } from "../../api/call-error.ts";

export function useSubmit(submit: () => Promise<void>) {
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    submit()
      .catch((error: unknown) => setFault(messageOf(error)))
      .finally(() => setBusy(false));
  }
  return { fault, busy, onSubmit };
}
