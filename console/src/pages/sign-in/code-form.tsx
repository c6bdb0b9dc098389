/** The code of an authenticator app, after the password. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import styles from "./sign-in.module.css";
import { useSubmit } from "./use-submit.ts";

export function CodeForm({ submit, onBack }: { submit: (code: string) => Promise<void>; onBack: () => void }) {
  const [code, setCode] = useState("");
  const { fault, busy, onSubmit } = useSubmit(() => submit(code));
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <Field
        label="Code"
        hint="Six digits of your authenticator app, or one of your recovery codes."
        autoComplete="one-time-code"
        inputMode="text"
        required
        autoFocus
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      {fault !== undefined && (
        <p role="alert" className={styles.refusal}>
          {fault}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy}>
        Go on
      </Button>
      <Button kind="quiet" onClick={onBack}>
        Begin again
      </Button>
    </form>
  );
}
