/** The keys of a team: programs use capsules with them. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Ago } from "../../components/moments.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { ShownOnce } from "../../components/shown-once.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";

type Key = Reply<"GET /v1/api-keys">[number];

export function TeamKeys({ teamId }: { teamId: string }) {
  const keys = useRead(`keys of ${teamId}`, (signal) => call("GET /v1/api-keys", {}, { signal, team: teamId }));
  const [isMaking, setMaking] = useState(false);
  const [name, setName] = useState("");
  const [made, setMade] = useState<string>();
  const mayWrite = useMay("keys.write");

  const make = mayWrite && <Button onClick={() => setMaking(true)}>New key</Button>;
  const columns: readonly Column<Key>[] = [
    { ...{ id: "name", title: "Name" }, cell: (key) => <strong>{key.name}</strong>, sortBy: (key) => key.name },
    { ...{ id: "prefix", title: "Begins with" }, cell: ({ key_prefix: prefix }) => <code>{prefix}…</code> },
    {
      ...{ id: "made", title: "Made", width: "7rem", isSecondary: true },
      cell: ({ created_at: at }) => <Ago at={Date.parse(at)} />,
      sortBy: ({ created_at: at }) => Date.parse(at),
    },
    {
      ...{ id: "used", title: "Last used", width: "7rem", isSecondary: true },
      cell: ({ last_used: at }) => (at === undefined ? "never" : <Ago at={Date.parse(at)} />),
    },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: ({ id, name: each }) =>
        mayWrite && (
          <RemoveButton
            name={each}
            question={`Remove the key ${each}?`}
            lost="Programs that use it are refused from then on."
            remove={async () => {
              await call("DELETE /v1/api-keys/{id}", { path: { id } }, { team: teamId });
              tell(`${each} is removed`);
              keys.reload();
            }}
          />
        ),
    },
  ];
  return (
    <Panel title="Keys" isFlush actions={make}>
      <Table
        what="keys"
        columns={columns}
        rows={keys.data}
        rowId={({ id }) => id}
        error={keys.error}
        onRetry={keys.reload}
        empty={
          <Empty title="There are no keys yet" actions={make}>
            A program that makes capsules for the team signs in with a key.
          </Empty>
        }
      />
      {isMaking && (
        <FormDialog
          title="New key"
          action="Make it"
          submit={async () => {
            const { key } = await call("POST /v1/api-keys", { body: { name } }, { team: teamId });
            setMade(key);
            keys.reload();
          }}
          onClose={() => setMaking(false)}
        >
          <NameField hint="What will use it." value={name} onChange={setName} />
        </FormDialog>
      )}
      {made !== undefined && <ShownOnce title="The new key" text={made} onClose={() => setMade(undefined)} />}
    </Panel>
  );
}
