/** All runs of scripts, the newest first. */
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { usePages } from "../../api/use-pages.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Select } from "../../components/select.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { durationText, type ExecutionRow, shortId, statuses, statusText, toneOf } from "./execution.ts";
import { ScriptsFrame } from "./frame.tsx";

const columns: readonly Column<ExecutionRow>[] = [
  { ...{ id: "id", title: "Run", width: "7.5rem" }, cell: ({ id }) => <code title={id}>{shortId(id)}</code> },
  {
    ...{ id: "status", title: "Status", width: "8rem" },
    cell: ({ status, error }) => (
      <Status tone={toneOf[status]} title={error ?? undefined}>
        {statusText(status)}
      </Status>
    ),
  },
  {
    ...{ id: "error", title: "Error", width: "minmax(8rem, 2fr)", isSecondary: true },
    cell: ({ error }) => error !== null && <code title={error}>{error.split("\n", 1)[0]}</code>,
  },
  { ...{ id: "session", title: "Session", isSecondary: true }, cell: ({ session }) => session },
  {
    ...{ id: "heap", title: "Memory", width: "7.5rem", isSecondary: true },
    cell: ({ heapOut }) => heapOut !== null && <code title={heapOut}>{shortId(heapOut)}</code>,
  },
  {
    ...{ id: "took", title: "Took", width: "5rem", isNumber: true, isSecondary: true },
    cell: ({ runMs }) => runMs !== null && durationText(runMs),
    sortBy: ({ runMs }) => runMs ?? undefined,
  },
  {
    ...{ id: "created", title: "Begun", width: "6.5rem", isNumber: true },
    cell: ({ createdAt }) => <Ago at={createdAt} />,
    sortBy: ({ createdAt }) => createdAt,
  },
];

export default function RunsPage() {
  const [words, setWords] = useState("");
  const [status, setStatus] = useState("");
  const [, navigate] = useLocation();
  const search = useDeferredValue(words).trim().slice(0, 200);
  const runs = usePages<ExecutionRow>(
    `executions ${status} ${search}`,
    (after, signal) => {
      const query = { after, limit: 200, search: search || undefined, status: status || undefined };
      return call("GET /yard/v1/executions", { query }, { signal });
    },
    ["executions"],
  );
  return (
    <ScriptsFrame tab="runs">
      <Panel isFlush>
        <SearchBox label="Search runs" value={words} onChange={setWords}>
          <Select
            label="Status"
            isBare
            value={status}
            onChange={(event) => setStatus(event.target.value)}
            options={[
              { value: "", title: "Any status" },
              ...statuses.map((each) => ({ value: each, title: statusText(each) })),
            ]}
          />
        </SearchBox>
        <Table
          what="runs"
          columns={columns}
          rows={runs.rows}
          rowId={({ id }) => id}
          onOpen={({ id }) => navigate(`/scripts/${id}`)}
          error={runs.error}
          onRetry={runs.reload}
          onMore={runs.hasMore ? runs.more : undefined}
          empty={
            search !== "" || status !== "" ? (
              <Empty title="No runs match">Ask for less, or for something else.</Empty>
            ) : (
              <Empty title="Nothing has run yet" actions={<LinkButton href="/scripts">Write a script</LinkButton>}>
                Each run is kept here, with what it printed and the memory that it left.
              </Empty>
            )
          }
        />
      </Panel>
    </ScriptsFrame>
  );
}
