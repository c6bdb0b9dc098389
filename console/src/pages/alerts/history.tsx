/** What alert rules have told. */
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";

type Told = Reply<"GET /api/v1/alerts/history">[number];

const columns: readonly Column<Told>[] = [
  { ...{ id: "at", title: "When", width: "6.5rem" }, cell: ({ occurred_at: at }) => <Ago at={Date.parse(at)} /> },
  {
    ...{ id: "status", title: "State", width: "7rem" },
    cell: ({ status }) => <Status tone={status === "fired" ? "bad" : "good"}>{status}</Status>,
  },
  {
    ...{ id: "container", title: "Container" },
    cell: ({ container_name: name }) => <strong>{name}</strong>,
    sortBy: ({ container_name: name }) => name,
  },
  { ...{ id: "rule", title: "Rule", isSecondary: true }, cell: ({ rule_name: name }) => name },
  {
    ...{ id: "message", title: "Message", width: "minmax(8rem, 2fr)", isSecondary: true },
    cell: ({ message }) => message,
  },
];

export function AlertHistory() {
  const history = useRead(
    "alert history",
    (signal) => call("GET /api/v1/alerts/history", { query: { limit: 500 } }, { signal }),
    { topics: ["alerts"], everyMs: 30_000 },
  );
  return (
    <Panel isFlush>
      <Table
        what="alerts"
        columns={columns}
        rows={history.data}
        rowId={({ id }) => String(id)}
        error={history.error}
        onRetry={history.reload}
        empty={<Empty title="No rule has fired yet">What fires and resolves is kept here for 90 days.</Empty>}
      />
    </Panel>
  );
}
