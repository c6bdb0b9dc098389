/** All stacks: what runs of each, where, and ways to make one more. */
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type Stack, type StackCounts, type StackState, stackStateOf } from "./stack-state.ts";

interface Row {
  readonly stack: Stack;
  readonly counts: StackCounts | undefined;
  readonly state: StackState;
}

const columns: readonly Column<Row>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.4fr)" },
    cell: ({ stack }) => <strong>{stack.name}</strong>,
    sortBy: ({ stack }) => stack.name,
  },
  {
    ...{ id: "state", title: "State", width: "9rem" },
    cell: ({ state }) => <Status tone={state.tone}>{state.word}</Status>,
    sortBy: ({ state }) => state.word,
  },
  {
    ...{ id: "containers", title: "Containers", width: "8rem", isSecondary: true },
    cell: ({ counts }) => (counts ? `${counts.running} of ${counts.total} run` : "–"),
    sortBy: ({ counts }) => counts?.total ?? 0,
  },
  {
    ...{ id: "services", title: "Services", width: "minmax(6rem, 1.5fr)", isSecondary: true },
    cell: ({ counts }) => counts?.services.join(", ") ?? "–",
  },
  {
    ...{ id: "host", title: "Host", width: "minmax(5rem, 0.8fr)", isSecondary: true },
    cell: ({ stack: { deployment } }) => deployment && (deployment.host_name ?? deployment.host_id),
    sortBy: ({ stack: { deployment } }) => deployment?.host_name,
  },
  {
    ...{ id: "deployed", title: "Deployed", width: "7rem", isNumber: true, isSecondary: true },
    cell: ({ stack: { deployment } }) =>
      deployment ? <Ago at={Date.parse(deployment.updated_at || deployment.deployed_at)} /> : "never",
    sortBy: ({ stack: { deployment } }) => (deployment ? Date.parse(deployment.updated_at) : undefined),
  },
];

async function readStacks(signal: AbortSignal): Promise<readonly Row[]> {
  const [stacks, summary] = await Promise.all([
    call("GET /api/v1/stacks", {}, { signal }),
    call("GET /api/v1/containers/summary", { query: { host: "all" } }, { signal }),
  ]);
  return stacks.map((stack) => {
    const counts = summary.by_stack[stack.name];
    return { stack, counts, state: stackStateOf(stack, counts) };
  });
}

export default function StacksPage() {
  const stacks = useRead("stacks", readStacks, { topics: ["stacks", "containers"] });
  const [words, setWords] = useState("");
  const [, navigate] = useLocation();
  const mayWrite = useMay("stacks.write");
  const mayAdopt = useMay("stacks.adopt");
  const actions = (
    <>
      {mayAdopt && <LinkButton href="/stack-templates">Templates</LinkButton>}
      {mayAdopt && <LinkButton href="/adopt-stack">Adopt…</LinkButton>}
      {mayWrite && (
        <LinkButton href="/new-stack" kind="primary">
          New stack
        </LinkButton>
      )}
    </>
  );
  const search = useMemo(
    () => ({ words, textOf: ({ stack, counts }: Row) => [stack.name, ...(counts?.services ?? [])].join(" ") }),
    [words],
  );
  return (
    <Page title="Stacks" subtitle={summaryOf(stacks.data)} actions={actions}>
      <Panel isFlush>
        <SearchBox label="Search stacks" value={words} onChange={setWords} />
        <Table
          what="stacks"
          columns={columns}
          rows={stacks.data}
          rowId={({ stack }) => stack.name}
          onOpen={({ stack }) => navigate(`/stacks/${encodeURIComponent(stack.name)}`)}
          search={search}
          order={{ column: "name", isDescending: false }}
          error={stacks.error}
          onRetry={stacks.reload}
          empty={
            <Empty title="There are no stacks yet" actions={actions}>
              A stack is a group of containers that belong together, described by a Compose file. Make one, or take over
              a Compose project that runs already.
            </Empty>
          }
        />
      </Panel>
    </Page>
  );
}

function summaryOf(rows: readonly Row[] | undefined): string {
  if (!rows || rows.length === 0) return "Containers that belong together, from Compose files";
  const wrong = rows.filter(({ state }) => state.tone === "bad" || state.tone === "warn").length;
  return `${rows.length} in all, ${wrong === 0 ? "none needs you" : `${wrong} to look at`}`;
}
