/** What passwords must have, and when a login is locked. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { SettingForm } from "./setting-form.tsx";

type Policy = Reply<"GET /api/v1/auth/policy">;

const numbers = [
  { key: "min_length", title: "Characters at least" },
  { key: "rotation_days", title: "Days until it must be changed (0: never)" },
  { key: "lockout_max_attempts", title: "Wrong passwords until the account is locked" },
  { key: "lockout_duration_minutes", title: "Minutes that it is locked for" },
] as const;
const checks = [
  { key: "require_upper", title: "A capital letter" },
  { key: "require_lower", title: "A small letter" },
  { key: "require_digit", title: "A digit" },
  { key: "require_symbol", title: "Another character" },
] as const;

export function PasswordPolicy() {
  const policy = useRead("policy", (signal) => call("GET /api/v1/auth/policy", {}, { signal }));
  if (!policy.data)
    return policy.error === undefined ? (
      <Loading what="the rules" />
    ) : (
      <Failed what="The rules cannot be shown" error={policy.error} retry={policy.reload} />
    );
  return <PolicyForm policy={policy.data} />;
}

function PolicyForm({ policy }: { policy: Policy }) {
  const [draft, setDraft] = useState(policy);
  return (
    <SettingForm
      title="Passwords and logins"
      submit={async () => setDraft(await call("PUT /api/v1/auth/policy", { body: draft }))}
    >
      {numbers.map(({ key, title }) => (
        <Field
          key={key}
          label={title}
          type="number"
          min={0}
          required
          value={String(draft[key] ?? 0)}
          onChange={(event) => setDraft({ ...draft, [key]: Number(event.target.value) })}
        />
      ))}
      <CheckGroup title="A password must have">
        {checks.map(({ key, title }) => (
          <Check key={key} checked={draft[key] ?? false} onChange={(on) => setDraft({ ...draft, [key]: on })}>
            {title}
          </Check>
        ))}
      </CheckGroup>
    </SettingForm>
  );
}
