/** A stack's deployments: what each did, with which file, and a way back to it. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type Entry, EntryDialog } from "./history-entry.tsx";
import type { Deployment } from "./use-deployment.ts";

const columns: readonly Column<Entry>[] = [
  {
    ...{ id: "id", title: "Number", width: "5.5rem" },
    cell: ({ id }) => <strong>{id}</strong>,
    sortBy: ({ id }) => id,
  },
  {
    ...{ id: "at", title: "Deployed", width: "8rem" },
    cell: ({ deployed_at: at }) => <Ago at={Date.parse(at)} />,
    sortBy: ({ deployed_at: at }) => Date.parse(at),
  },
  {
    ...{ id: "by", title: "By", width: "8rem", isSecondary: true },
    cell: ({ deployed_by_name: by }) => by ?? "–",
  },
  { id: "note", title: "Note", cell: ({ note }) => note ?? "–", isSecondary: true },
  {
    ...{ id: "images", title: "Images", width: "minmax(8rem, 2fr)" },
    cell: ({ services = [] }) => [...new Set(services.map(({ image }) => image))].join(", "),
  },
];

export function StackHistory({ name, deployment }: { name: string; deployment: Deployment }) {
  const [chosen, setChosen] = useState<Entry>();
  const history = useRead(
    `history ${name}`,
    (signal) => call("GET /api/v1/stacks/{name}/deployments", { path: { name }, query: { limit: 100 } }, { signal }),
    { topics: ["stacks"] },
  );
  return (
    <Panel title="Deployments" isFlush>
      <Table
        what="deployments"
        columns={columns}
        rows={history.data}
        rowId={({ id }) => String(id)}
        onOpen={setChosen}
        order={{ column: "id", isDescending: true }}
        error={history.error}
        onRetry={history.reload}
        empty={<Empty title="Nothing was deployed yet">Each deployment is kept here, with the file of it.</Empty>}
      />
      {chosen && (
        <EntryDialog
          name={name}
          entry={chosen}
          entries={history.data ?? []}
          deployment={deployment}
          onClose={() => setChosen(undefined)}
        />
      )}
    </Panel>
  );
}
