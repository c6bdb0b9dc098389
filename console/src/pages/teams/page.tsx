/** The teams that one is in. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Ago } from "../../components/moments.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Page, Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";

type Team = Reply<"GET /v1/teams">[number];

const columns: readonly Column<Team>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 2fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  { ...{ id: "role", title: "You are", width: "7rem" }, cell: ({ role }) => role, sortBy: ({ role }) => role },
  { ...{ id: "id", title: "Id", isSecondary: true }, cell: ({ id }) => <code>{id}</code> },
  {
    ...{ id: "made", title: "Made", width: "7rem", isNumber: true, isSecondary: true },
    cell: ({ created_at: at }) => <Ago at={Date.parse(at)} />,
    sortBy: ({ created_at: at }) => Date.parse(at),
  },
];

export default function TeamsPage() {
  const teams = useRead("teams", (signal) => call("GET /v1/teams", {}, { signal }));
  const [isMaking, setMaking] = useState(false);
  const [name, setName] = useState("");
  const [, navigate] = useLocation();
  const mayMake = useMay("teams.create");
  const make = mayMake && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New team
    </Button>
  );
  return (
    <Page title="Teams" subtitle="Capsules, tasks, keys and channels belong to teams" actions={make}>
      <Panel isFlush>
        <Table
          what="teams"
          columns={columns}
          rows={teams.data}
          rowId={({ id }) => id}
          onOpen={({ id }) => navigate(`/teams/${encodeURIComponent(id)}`)}
          error={teams.error}
          onRetry={teams.reload}
          empty={
            <Empty title="You are in no team" actions={make}>
              Make one, or ask somebody to bring you into theirs.
            </Empty>
          }
        />
      </Panel>
      {isMaking && (
        <FormDialog
          title="New team"
          description="You are its owner, and can bring others in."
          action="Make it"
          submit={async () => {
            const { id } = await call("POST /v1/teams", { body: { name } });
            navigate(`/teams/${encodeURIComponent(id)}`);
          }}
          onClose={() => setMaking(false)}
        >
          <NameField value={name} onChange={setName} />
        </FormDialog>
      )}
    </Page>
  );
}
