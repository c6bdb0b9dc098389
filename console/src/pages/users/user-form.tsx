/** A new user, or another role for one. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import type { User } from "./page.tsx";

interface UserFormProps {
  /** None: a new one. */
  readonly user: User | undefined;
  onClose(): void;
  onDone(): void;
}

export function UserForm({ user, onClose, onDone }: UserFormProps) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState(user?.email ?? "");
  const [role, setRole] = useState(user?.role ?? "viewer");
  const [tags, setTags] = useState((user?.scope_tags ?? []).join(", "));
  const { data: roles = [] } = useRead("roles", (signal) => call("GET /api/v1/roles", {}, { signal }));

  async function submit(): Promise<void> {
    const scope = tags.split(/[\s,]+/).filter(Boolean);
    const fields = { role, scope_tags: scope };
    if (user) await call("PUT /api/v1/users/{id}", { path: { id: user.id }, body: { ...fields, email } });
    else {
      const body = { ...fields, username, password, ...(email !== "" && { email }) };
      await call("POST /api/v1/users", { body });
    }
    tell(user ? `${user.username} is changed` : `${username} is there`);
    onDone();
  }

  return (
    <FormDialog
      title={user ? `Change ${user.username}` : "New user"}
      action={user ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      {!user && (
        <>
          <NameField value={username} onChange={setUsername} />
          <Field
            label="Password"
            type="password"
            required
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </>
      )}
      <Field
        label="E-mail address"
        type="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Select
        label="Role"
        value={role}
        onChange={(event) => setRole(event.target.value)}
        options={optionsOf(
          roles.map(({ name, display }) => ({ value: name, title: display || name })),
          role,
        )}
      />
      <Field
        label="Held to hosts with these tags"
        hint="With commas between; none: all hosts."
        autoComplete="off"
        value={tags}
        onChange={(event) => setTags(event.target.value)}
      />
    </FormDialog>
  );
}

/** What a user has is among the choices, also before these have come, or where it is several roles at once. */
function optionsOf(options: readonly { value: string; title: string }[], current: string) {
  return options.some(({ value }) => value === current) ? options : [...options, { value: current, title: current }];
}
