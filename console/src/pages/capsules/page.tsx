/** All capsules of one's teams: what runs, what sleeps, and a way to make one more. */
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { usePages } from "../../api/use-pages.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Check } from "../../components/check.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type Capsule, toneOf } from "./capsule.ts";
import { NewCapsule } from "./new-capsule.tsx";

const mebibyte = 1024 * 1024;

const columns: readonly Column<Capsule>[] = [
  {
    ...{ id: "id", title: "Capsule", width: "minmax(9rem, 1.6fr)" },
    cell: ({ id }) => <code>{id}</code>,
    sortBy: ({ id }) => id,
  },
  {
    ...{ id: "status", title: "Status", width: "8rem" },
    cell: (capsule) => <CapsuleStatus capsule={capsule} />,
    sortBy: ({ status }) => status,
  },
  {
    ...{ id: "template", title: "Template", isSecondary: true },
    cell: ({ template }) => template,
    sortBy: ({ template }) => template,
  },
  { ...{ id: "team", title: "Team", isSecondary: true }, cell: ({ team }) => team, sortBy: ({ team }) => team },
  {
    ...{ id: "host", title: "Host", isSecondary: true },
    cell: ({ hostName, hostId }) => hostName ?? hostId,
    sortBy: ({ hostName }) => hostName ?? undefined,
  },
  {
    ...{ id: "vcpus", title: "CPUs", width: "4rem", isNumber: true, isSecondary: true },
    cell: ({ vcpus }) => vcpus,
    sortBy: ({ vcpus }) => vcpus,
  },
  {
    ...{ id: "memory", title: "Memory", width: "6rem", isNumber: true, isSecondary: true },
    cell: ({ memoryMb }) => bytesText(memoryMb * mebibyte),
    sortBy: ({ memoryMb }) => memoryMb,
  },
  {
    ...{ id: "created", title: "Made", width: "6.5rem", isNumber: true },
    cell: ({ createdAt }) => <Ago at={createdAt} />,
    sortBy: ({ createdAt }) => createdAt,
  },
];

export default function CapsulesPage() {
  const [words, setWords] = useState("");
  const [withEnded, setWithEnded] = useState(false);
  const [isMaking, setMaking] = useState(false);
  const [, navigate] = useLocation();
  const mayMake = useMay("capsules.run");
  const search = words.trim() === "" ? undefined : words.trim().slice(0, 200);
  const list = usePages(
    `capsules ${withEnded} ${search}`,
    (after, signal) =>
      call("GET /yard/v1/capsules", { query: { search, after, limit: 200, ended: withEnded } }, { signal }),
    ["capsules"],
  );
  const make = mayMake && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New capsule
    </Button>
  );
  return (
    <Page title="Capsules" subtitle="Machines of your own, each in a sandbox." actions={make}>
      <Panel isFlush>
        <SearchBox label="Search capsules" value={words} onChange={setWords}>
          <Check checked={withEnded} onChange={setWithEnded}>
            Also those that have ended
          </Check>
        </SearchBox>
        <Table
          what="capsules"
          columns={columns}
          rows={list.rows}
          rowId={({ id }) => id}
          onOpen={({ id }) => navigate(`/capsules/${id}`)}
          error={list.error}
          onRetry={list.reload}
          onMore={list.hasMore ? list.more : undefined}
          empty={<NoCapsules search={search} make={make} />}
        />
      </Panel>
      {isMaking && <NewCapsule onClose={() => setMaking(false)} />}
    </Page>
  );
}

function NoCapsules({ search, make }: { search: string | undefined; make: ReactNode }) {
  if (search !== undefined) return <Empty title={`No capsules match “${search}”`}>Search for something else.</Empty>;
  return (
    <Empty title="There are no capsules" actions={make}>
      A capsule is a machine in a sandbox: try things in its terminal, keep its files, pause it, throw it away.
    </Empty>
  );
}

export function CapsuleStatus({ capsule: { status, reason } }: { capsule: Capsule }) {
  return (
    <Status tone={toneOf[status]} title={reason ?? undefined}>
      {status}
    </Status>
  );
}
