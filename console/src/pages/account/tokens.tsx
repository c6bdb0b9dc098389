/** Tokens by which programs act on the fleet. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Ago } from "../../components/moments.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { Select } from "../../components/select.tsx";
import { ShownOnce } from "../../components/shown-once.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";

type Token = Reply<"GET /api/v1/settings/api-tokens">[number];

const usualColumns: readonly Column<Token>[] = [
  { ...{ id: "name", title: "Name" }, cell: ({ name }) => <strong>{name}</strong>, sortBy: ({ name }) => name },
  { ...{ id: "prefix", title: "Begins with" }, cell: ({ prefix }) => <code>{prefix}…</code> },
  { ...{ id: "role", title: "Role", width: "7rem", isSecondary: true }, cell: ({ role }) => role },
  {
    ...{ id: "expires", title: "Ends", width: "6.5rem", isSecondary: true },
    cell: ({ expires_at: at }) => (at ? <Ago at={Date.parse(at)} /> : "never"),
  },
  {
    ...{ id: "used", title: "Last used", width: "7rem", isSecondary: true },
    cell: ({ last_used_at: at }) => (at ? <Ago at={Date.parse(at)} /> : "never"),
  },
];

export function ApiTokens() {
  const tokens = useRead("api tokens", async (signal) => {
    const all = await call("GET /api/v1/settings/api-tokens", {}, { signal });
    return all.filter(({ revoked_at: revoked }) => revoked === undefined);
  });
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<string>();
  const make = <Button onClick={() => setMaking(true)}>New token</Button>;
  const columns: readonly Column<Token>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: ({ id, name }) => (
        <RemoveButton
          verb="Revoke"
          name={name}
          question={`Revoke the token ${name}?`}
          lost="Programs that use it are refused from then on."
          remove={async () => {
            await call("DELETE /api/v1/settings/api-tokens/{id}", { path: { id } });
            tokens.reload();
          }}
        />
      ),
    },
  ];
  return (
    <Panel title="API tokens" isFlush actions={make}>
      <Table
        what="tokens"
        columns={columns}
        rows={tokens.data}
        rowId={({ id }) => String(id)}
        error={tokens.error}
        onRetry={tokens.reload}
        empty={
          <Empty title="There are no tokens yet" actions={make}>
            A pipeline or a script signs in with a token, with a role of its own.
          </Empty>
        }
      />
      {isMaking && <NewToken onClose={() => setMaking(false)} onMade={setMade} onDone={tokens.reload} />}
      {made !== undefined && <ShownOnce title="The new token" text={made} onClose={() => setMade(undefined)} />}
    </Panel>
  );
}

interface NewTokenProps {
  onClose(): void;
  onMade(token: string): void;
  onDone(): void;
}

function NewToken({ onClose, onMade, onDone }: NewTokenProps) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [days, setDays] = useState("90");
  const { data: roles = [] } = useRead("roles", (signal) => call("GET /api/v1/roles", {}, { signal }));
  async function submit(): Promise<void> {
    const body = { name, role, expires_in_days: days === "" ? null : Number(days) };
    const { token } = await call("POST /api/v1/settings/api-tokens", { body });
    onMade(token);
    onDone();
  }
  return (
    <FormDialog title="New token" action="Make it" submit={submit} onClose={onClose}>
      <NameField hint="What will use it." value={name} onChange={setName} />
      <Select
        label="Role"
        value={role}
        onChange={(event) => setRole(event.target.value)}
        options={roles.map((each) => ({ value: each.name, title: each.display || each.name }))}
      />
      <Field
        label="Days that it is good for"
        hint="Empty: until it is revoked."
        type="number"
        min={1}
        value={days}
        onChange={(event) => setDays(event.target.value)}
      />
    </FormDialog>
  );
}
