/** The tree of saved memories. Any run can go on from any of them, which is how it branches. */
import { useMemo, useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { call } from "../../api/call.ts";
import { usePages } from "../../api/use-pages.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type ExecutionRow, shortId } from "./execution.ts";
import { ScriptsFrame } from "./frame.tsx";
import { type HeapNode, heapTree } from "./heap-tree.ts";
import styles from "./scripts.module.css";

/** Deeper ones are not indented any further. */
const deepest = 12;

export default function MemoryPage() {
  const [words, setWords] = useState("");
  const [params] = useSearchParams();
  const asked = params.get("heap") ?? undefined;
  const [, navigate] = useLocation();
  const mayRun = useMay("scripts.run");
  const runs = usePages<ExecutionRow>(
    `executions with memory ${asked}`,
    (after, signal) =>
      call("GET /yard/v1/executions", { query: { after, limit: 500, status: "completed", search: asked } }, { signal }),
    ["executions"],
  );
  const nodes = useMemo(() => runs.rows && heapTree(runs.rows), [runs.rows]);
  const branch = ({ heap }: HeapNode): void => navigate(`/scripts?heap=${heap}`);
  const columns: readonly Column<HeapNode>[] = [
    {
      ...{ id: "heap", title: "Memory", width: "minmax(9rem, 2fr)" },
      cell: (node) => <Heap node={node} />,
    },
    {
      ...{ id: "run", title: "Left by the run", width: "minmax(7.5rem, 1fr)", isSecondary: true },
      cell: ({ run }) => <Link href={`/scripts/${run.id}`}>{shortId(run.id)}</Link>,
    },
    { ...{ id: "session", title: "Session", isSecondary: true }, cell: ({ run }) => run.session },
    {
      ...{ id: "made", title: "Made", width: "6.5rem", isNumber: true },
      cell: ({ run }) => <Ago at={run.createdAt} />,
    },
    ...(mayRun
      ? [
          {
            ...{ id: "actions", title: "Actions", width: "6rem", isSecondary: true },
            cell: (node: HeapNode) => (
              <Button kind="quiet" onClick={() => branch(node)}>
                Go on<span className="visually-hidden"> from {shortId(node.heap)}</span>
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <ScriptsFrame tab="memory">
      <Panel isFlush>
        <SearchBox label="Search memories" value={words} onChange={setWords}>
          {asked !== undefined && (
            <LinkButton href="/scripts/memory">All memories, not only {shortId(asked)}</LinkButton>
          )}
          {runs.hasMore && <Button onClick={runs.more}>Older ones</Button>}
        </SearchBox>
        <Table
          what="memories"
          columns={columns}
          rows={nodes}
          rowId={({ heap }) => heap}
          onOpen={mayRun ? branch : undefined}
          search={{ words, textOf: ({ heap, run }) => [heap, run.id, run.session].join(" ") }}
          error={runs.error}
          onRetry={runs.reload}
          empty={
            <Empty title="There are no memories yet" actions={<LinkButton href="/scripts">Write a script</LinkButton>}>
              A run that completes leaves its memory behind: all that is on <code>globalThis</code>.
            </Empty>
          }
        />
      </Panel>
    </ScriptsFrame>
  );
}

function Heap({ node: { heap, depth, isBranched } }: { node: HeapNode }) {
  return (
    <span className={styles.heap} style={{ paddingInlineStart: `${Math.min(depth, deepest) * 1.25}rem` }}>
      {depth > 0 && <span aria-hidden="true">└ </span>}
      <code title={heap}>{shortId(heap)}</code>
      {isBranched && <span className={styles.note}> branches</span>}
    </span>
  );
}
