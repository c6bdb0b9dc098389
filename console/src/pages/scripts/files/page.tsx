/** Files of scripts: the labels that name snapshots, where each has pointed, and what two snapshots differ in. */
import { useState } from "react";
import { useSearchParams } from "wouter";
import { call } from "../../../api/call.ts";
import type { Reply } from "../../../api/operations.ts";
import { useRead } from "../../../api/use-read.ts";
import { useMay } from "../../../api/use-self.ts";
import { Button } from "../../../components/button.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Panel } from "../../../components/page.tsx";
import { SearchBox } from "../../../components/search-box.tsx";
import type { Column } from "../../../components/table/columns.ts";
import { Table } from "../../../components/table/table.tsx";
import { shortId } from "../execution.ts";
import { ScriptsFrame } from "../frame.tsx";
import { Compare } from "./compare.tsx";
import { LabelMoves } from "./label-moves.tsx";
import { NewLabel } from "./new-label.tsx";

type Label = Reply<"GET /api/fs/labels">["labels"][number];

const columns: readonly Column<Label>[] = [
  {
    ...{ id: "name", title: "Label", width: "minmax(8rem, 2fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "snapshot", title: "Snapshot", width: "minmax(7.5rem, 1fr)" },
    cell: ({ ca_id: id }) => <code title={id}>{shortId(id)}</code>,
  },
];

export default function FilesPage() {
  const [words, setWords] = useState("");
  const [isMaking, setMaking] = useState(false);
  const [params, setParams] = useSearchParams();
  const mayWrite = useMay("labels.write");
  const labels = useRead("labels", (signal) => call("GET /api/fs/labels", {}, { signal }), { topics: ["executions"] });
  const chosen = params.get("label") ?? undefined;
  const [from, to] = [params.get("from") ?? "", params.get("to") ?? ""];
  const make = mayWrite && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New label
    </Button>
  );
  return (
    <ScriptsFrame tab="files">
      <Panel title="Labels" isFlush actions={make}>
        <SearchBox label="Search labels" value={words} onChange={setWords} />
        <Table
          what="labels"
          columns={columns}
          rows={labels.data?.labels}
          rowId={({ name }) => name}
          onOpen={({ name }) => setParams({ label: name })}
          search={{ words, textOf: ({ name, ca_id }) => `${name} ${ca_id}` }}
          order={{ column: "name", isDescending: false }}
          error={labels.error}
          onRetry={labels.reload}
          empty={
            <Empty title="There are no labels">
              A label names a snapshot of files. Run a script with files, and give what it left a name.
            </Empty>
          }
        />
      </Panel>
      {chosen !== undefined && (
        <LabelMoves
          key={chosen}
          label={chosen}
          head={labels.data?.labels.find(({ name }) => name === chosen)?.ca_id}
          changed={labels.reload}
          onCompare={(one, other) => setParams({ label: chosen, from: one, to: other })}
        />
      )}
      <Compare
        key={`${from} ${to}`}
        from={from}
        to={to}
        labels={labels.data?.labels ?? []}
        onCompare={(one, other) => setParams({ ...(chosen !== undefined && { label: chosen }), from: one, to: other })}
      />
      {isMaking && <NewLabel snapshot={to} done={labels.reload} onClose={() => setMaking(false)} />}
    </ScriptsFrame>
  );
}
