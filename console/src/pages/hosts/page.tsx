/** The machines that the yard runs things on: which are there, and how much they have to do. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { EnrolHost } from "./enrol-host.tsx";
import { type Host, HostStatus, LastSeen, Meter, shareOf } from "./host-state.tsx";

const columns: readonly Column<Host>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(7rem, 1.2fr)" },
    cell: ({ name, isLocal }) => (
      <span>
        <strong>{name}</strong>
        {isLocal && " (this yard's)"}
      </span>
    ),
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "status", title: "State", width: "8rem" },
    cell: (host) => <HostStatus host={host} />,
    sortBy: ({ status }) => status,
  },
  {
    ...{ id: "seen", title: "Last seen", width: "6.5rem" },
    cell: (host) => <LastSeen host={host} />,
    sortBy: ({ lastSeenAt }) => lastSeenAt ?? undefined,
  },
  {
    ...{ id: "cpu", title: "CPU", width: "6.5rem", isSecondary: true },
    cell: ({ name, load }) => <Meter label={`CPU of ${name}`} percent={load?.cpuPercent} />,
    sortBy: ({ load }) => load?.cpuPercent,
  },
  {
    ...{ id: "memory", title: "Memory", width: "6.5rem", isSecondary: true },
    cell: ({ name, load }) => (
      <Meter label={`Memory of ${name}`} percent={shareOf(load?.memoryBytes, load?.memoryTotalBytes)} />
    ),
    sortBy: ({ load }) => shareOf(load?.memoryBytes, load?.memoryTotalBytes),
  },
  {
    ...{ id: "disk", title: "Disk", width: "6.5rem", isSecondary: true },
    cell: ({ name, load }) => (
      <Meter label={`Disk of ${name}`} percent={shareOf(load?.diskBytes, load?.diskTotalBytes)} />
    ),
    sortBy: ({ load }) => shareOf(load?.diskBytes, load?.diskTotalBytes),
  },
  {
    ...{ id: "engine", title: "Docker", width: "6rem", isSecondary: true },
    cell: ({ dockerVersion }) => dockerVersion ?? "–",
  },
  { ...{ id: "tags", title: "Tags", isSecondary: true }, cell: ({ tags }) => tags.join(", ") || "–" },
];

const searchText = (host: Host) => [host.name, host.id, host.os, host.arch, host.status, ...host.tags].join(" ");

export default function HostsPage() {
  const hosts = useRead(
    "hosts",
    async (signal) => (await call("GET /yard/v1/hosts", { query: { limit: 500 } }, { signal })).items,
    { topics: ["hosts"], everyMs: 30_000 },
  );
  const [words, setWords] = useState("");
  const [isAdding, setAdding] = useState(false);
  const [, navigate] = useLocation();
  const mayAdd = useMay("fleet.manage");
  const add = mayAdd && (
    <Button kind="primary" onClick={() => setAdding(true)}>
      Add a host
    </Button>
  );
  return (
    <Page title="Hosts" subtitle={hosts.data && summaryOf(hosts.data)} actions={add}>
      <Panel isFlush>
        <SearchBox label="Search hosts" value={words} onChange={setWords} />
        <Table
          what="hosts"
          columns={columns}
          rows={hosts.data}
          rowId={({ id }) => id}
          onOpen={({ id }) => navigate(`/hosts/${encodeURIComponent(id)}`)}
          search={{ words, textOf: searchText }}
          order={{ column: "name", isDescending: false }}
          error={hosts.error}
          onRetry={hosts.reload}
          empty={<Empty title="No host is within your reach" actions={add} />}
        />
      </Panel>
      {isAdding && <EnrolHost onClose={() => setAdding(false)} onMade={hosts.reload} />}
    </Page>
  );
}

function summaryOf(hosts: readonly Host[]): string {
  const away = hosts.filter(({ status }) => status === "unreachable").length;
  return `${hosts.length} in all, ${away === 0 ? "none is away" : `${away} away`}`;
}
