/** Another password for oneself. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Field } from "../../components/field.tsx";
import { SettingForm } from "../settings/setting-form.tsx";

export function Password({ userId }: { userId: string }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  return (
    <SettingForm
      title="Password"
      submit={async () => {
        const body = { password: next, current_password: current };
        await call("PUT /api/v1/users/{id}/password", { path: { id: userId }, body });
        setCurrent("");
        setNext("");
      }}
    >
      <Field
        label="The one you have"
        type="password"
        required
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <Field
        label="The new one"
        hint="Your other logins end."
        type="password"
        required
        autoComplete="new-password"
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
    </SettingForm>
  );
}
