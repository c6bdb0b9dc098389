/** A new role, or what one permits on the fleet, in few words. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { tell } from "../../components/toasts.tsx";
import type { Role } from "./page.tsx";

interface RoleFormProps {
  /** None: a new one. */
  readonly role: Role | undefined;
  onClose(): void;
  onDone(): void;
}

export function RoleForm({ role, onClose, onDone }: RoleFormProps) {
  const [name, setName] = useState(role?.name ?? "");
  const [display, setDisplay] = useState(role?.display ?? "");
  const [held, setHeld] = useState<readonly string[]>(role?.permissions ?? []);
  const { data: permissions = [] } = useRead("permissions", (signal) =>
    call("GET /api/v1/roles/permissions", {}, { signal }),
  );
  const isFixed = role?.builtin === true;

  async function submit(): Promise<void> {
    if (isFixed) return;
    if (role)
      await call("PUT /api/v1/roles/{name}", { path: { name: role.name }, body: { display, permissions: [...held] } });
    else await call("POST /api/v1/roles", { body: { name, display, permissions: [...held] } });
    tell(`The role ${name} is ${role ? "changed" : "there"}`);
    onDone();
  }

  return (
    <FormDialog
      title={role ? `The role ${role.display || role.name}` : "New role"}
      description={isFixed ? "It is built in, and stays as it is." : undefined}
      action={isFixed ? "Close" : "Write"}
      submit={submit}
      onClose={onClose}
    >
      {!role && <NameField value={name} onChange={setName} />}
      {!isFixed && (
        <Field
          label="Shown as"
          required
          autoComplete="off"
          value={display}
          onChange={(event) => setDisplay(event.target.value)}
        />
      )}
      <CheckGroup title="On the fleet it permits to">
        {permissions.map(({ name: each, description }) => (
          <Check
            key={each}
            checked={held.includes(each)}
            disabled={isFixed}
            hint={each}
            onChange={(on) => setHeld(on ? [...held, each] : held.filter((other) => other !== each))}
          >
            {description}
          </Check>
        ))}
      </CheckGroup>
    </FormDialog>
  );
}
