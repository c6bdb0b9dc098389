/** All apps: what runs, what should and does not, and a way to make one more. */
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Check } from "../../components/check.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago, countText } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type AppFilter, useAppCounts, useAppList } from "./app-list.ts";
import type { AppRow } from "./app-row.ts";
import { AppStatus } from "./app-status.tsx";
import { NewApp } from "./new-app.tsx";

const columns: readonly Column<AppRow>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.3fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "state", title: "State", width: "8rem" },
    cell: (app) => <AppStatus app={app} />,
    sortBy: ({ state }) => state,
  },
  {
    ...{ id: "command", title: "Command", width: "minmax(8rem, 2fr)", isSecondary: true },
    cell: ({ command }) => <code>{command}</code>,
  },
  { id: "owner", title: "Owner", width: "7rem", isSecondary: true, cell: ({ owner }) => owner },
  {
    ...{ id: "starts", title: "Starts", width: "5rem", isNumber: true, isSecondary: true },
    cell: ({ starts }) => countText(starts),
  },
  {
    ...{ id: "started", title: "Started", width: "8rem", isNumber: true, isSecondary: true },
    cell: ({ startedAt }) => startedAt !== null && <Ago at={startedAt} />,
    sortBy: ({ startedAt }) => startedAt ?? undefined,
  },
];

const everything: AppFilter = {
  words: "",
  isTroubledOnly: false,
  order: { column: "name", isDescending: false },
};

export default function AppsPage() {
  const [filter, setFilter] = useState(everything);
  const [isMaking, setMaking] = useState(false);
  const [, navigate] = useLocation();
  const list = useAppList(filter);
  const counts = useAppCounts();
  const mayMake = useMay("apps.write");
  const make = mayMake && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New app
    </Button>
  );
  const change = (changes: Partial<AppFilter>): void => setFilter((before) => ({ ...before, ...changes }));
  return (
    <Page title="Apps" subtitle={summaryOf(counts)} actions={make}>
      <Panel isFlush>
        <SearchBox label="Search apps" value={filter.words} onChange={(words) => change({ words })}>
          <Check checked={filter.isTroubledOnly} onChange={(isTroubledOnly) => change({ isTroubledOnly })}>
            Only those in trouble
          </Check>
        </SearchBox>
        <Table
          what="apps"
          columns={columns}
          rows={list.rows}
          rowId={({ id }) => id}
          onOpen={({ name }) => navigate(`/apps/${encodeURIComponent(name)}`)}
          order={filter.order}
          onSort={(order) => change({ order })}
          onMore={list.hasMore ? list.more : undefined}
          error={list.error}
          onRetry={list.reload}
          empty={<NoApps filter={filter} make={make} />}
        />
      </Panel>
      <NewApp isOpen={isMaking} onClose={() => setMaking(false)} />
    </Page>
  );
}

function NoApps({ filter: { words, isTroubledOnly }, make }: { filter: AppFilter; make: ReactNode }) {
  if (words.trim() !== "") return <Empty title={`No apps match “${words.trim()}”`}>Search for something else.</Empty>;
  if (isTroubledOnly) return <Empty title="No app is in trouble">All that should run does.</Empty>;
  return (
    <Empty title="There are no apps yet" actions={make}>
      An app is a program that the yard keeps running: a server, a bot, a job by the clock.
    </Empty>
  );
}

function summaryOf(counts: ReturnType<typeof useAppCounts>): string | undefined {
  if (!counts || counts.all === 0) return undefined;
  const { all, inTrouble } = counts;
  return `${countText(all)} in all, ${inTrouble === 0 ? "none" : countText(inTrouble)} in trouble`;
}
