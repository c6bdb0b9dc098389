/** Name and password. */
import { useState } from "react";
import type { Input } from "../../api/operations.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import styles from "./sign-in.module.css";
import { useSubmit } from "./use-submit.ts";

type Credentials = Input<"POST /api/v1/auth/login">["body"];

export function PasswordForm({ submit }: { submit: (credentials: Credentials) => Promise<void> }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const { fault, busy, onSubmit } = useSubmit(() => submit({ username, password, remember_me: remember }));
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <Field
        label="User or e-mail address"
        autoComplete="username"
        autoCapitalize="none"
        required
        autoFocus
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <label className={styles.remember}>
        <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
        Stay signed in for days
      </label>
      {fault !== undefined && (
        <p role="alert" className={styles.refusal}>
          {fault}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
