/** How many teams a user may have made. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";

export function TeamQuota({ username, onClose }: { username: string; onClose: () => void }) {
  const [quota, setQuota] = useState("");
  async function submit(): Promise<void> {
    const input = { path: { username }, body: { group_quota: quota } };
    const { group_quota: teams } = await call("POST /admin/users/{username}/group-quota", input);
    tell(`${username} may make ${teams} teams in all`);
  }
  return (
    <FormDialog title={`How many teams ${username} may make`} action="Write" submit={submit} onClose={onClose}>
      <Field
        label="Teams"
        hint="10 for that many; +5 or -3 for more or fewer than now."
        required
        autoFocus
        autoComplete="off"
        value={quota}
        onChange={(event) => setQuota(event.target.value)}
      />
    </FormDialog>
  );
}
