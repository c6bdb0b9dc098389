/** Variables that every stack may use. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";

type Variable = Reply<"GET /api/v1/global-env">[number];

export function Variables() {
  const variables = useRead("variables", (signal) => call("GET /api/v1/global-env", {}, { signal }));
  const [edited, setEdited] = useState<Variable | "new">();
  const [areShown, setShown] = useState(false);
  const make = <Button onClick={() => setEdited("new")}>New variable</Button>;
  const columns: readonly Column<Variable>[] = [
    {
      ...{ id: "key", title: "Name" },
      cell: ({ key }) => (
        <strong>
          <code>{key}</code>
        </strong>
      ),
      sortBy: ({ key }) => key,
    },
    {
      ...{ id: "value", title: "Value", width: "minmax(8rem, 2fr)" },
      cell: ({ value }) => (areShown ? <code>{value}</code> : "••••••"),
    },
    {
      ...{ id: "group", title: "Group", isSecondary: true },
      cell: ({ group_name: group }) => group || "–",
      sortBy: ({ group_name: group }) => group,
    },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: ({ id, key }) => (
        <RemoveButton
          verb="Delete"
          name={key}
          question={`Delete the variable ${key}?`}
          lost="Stacks that use it do without it from their next deployment on, or cannot be deployed."
          remove={async () => {
            await call("DELETE /api/v1/global-env/{id}", { path: { id } });
            variables.reload();
          }}
        />
      ),
    },
  ];
  return (
    <Panel
      title="Variables of all stacks"
      isFlush
      actions={
        <span>
          <Button aria-pressed={areShown} onClick={() => setShown(!areShown)}>
            Show values
          </Button>{" "}
          {make}
        </span>
      }
    >
      <Table
        what="variables"
        columns={columns}
        rows={variables.data}
        rowId={({ id }) => String(id)}
        onOpen={setEdited}
        error={variables.error}
        onRetry={variables.reload}
        empty={
          <Empty title="There are no variables yet" actions={make}>
            Every compose file can use them as ${"{NAME}"}; a stack's own come before them.
          </Empty>
        }
      />
      {edited && (
        <VariableForm
          variable={edited === "new" ? undefined : edited}
          onDone={variables.reload}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Panel>
  );
}

interface VariableFormProps {
  readonly variable: Variable | undefined;
  onDone(): void;
  onClose(): void;
}

function VariableForm({ variable, onDone, onClose }: VariableFormProps) {
  const [key, setKey] = useState(variable?.key ?? "");
  const [value, setValue] = useState(variable?.value ?? "");
  const [group, setGroup] = useState(variable?.group_name ?? "");
  async function submit(): Promise<void> {
    const body = { key, value, group_name: group };
    if (variable) await call("PUT /api/v1/global-env/{id}", { path: { id: variable.id }, body });
    else await call("POST /api/v1/global-env", { body });
    onDone();
  }
  return (
    <FormDialog
      title={variable ? `Change ${variable.key}` : "New variable"}
      description="It counts from a stack's next deployment on."
      action={variable ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      <NameField isMono value={key} onChange={setKey} />
      <Field label="Value" isMono autoComplete="off" value={value} onChange={(event) => setValue(event.target.value)} />
      <Field label="Group" autoComplete="off" value={group} onChange={(event) => setGroup(event.target.value)} />
    </FormDialog>
  );
}
