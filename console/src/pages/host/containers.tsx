/** The containers of one host. */
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { usePages } from "../../api/use-pages.ts";
import { Empty } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type Container, ContainerStatus, placeOfContainer } from "../containers/container-state.tsx";

const columns: readonly Column<Container>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.5fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "state", title: "State", width: "8rem" },
    cell: (container) => <ContainerStatus container={container} />,
    sortBy: ({ state }) => state,
  },
  { ...{ id: "image", title: "Image", isSecondary: true }, cell: ({ image }) => <code>{image}</code> },
  { ...{ id: "status", title: "Since", isSecondary: true }, cell: ({ status }) => status },
];

export function HostContainers({ engineId }: { engineId: string }) {
  const [, navigate] = useLocation();
  const containers = usePages(
    `containers on ${engineId}`,
    (after, signal) => call("GET /yard/v1/containers", { query: { host: engineId, limit: 500, after } }, { signal }),
    ["containers"],
  );
  return (
    <Panel title="Containers" isFlush>
      <Table
        what="containers"
        columns={columns}
        rows={containers.rows}
        rowId={({ id }) => id}
        onOpen={(container) => navigate(placeOfContainer(container))}
        onMore={containers.hasMore ? containers.more : undefined}
        error={containers.error}
        onRetry={containers.reload}
        empty={<Empty title="No containers are on this host">Deploy a stack to it.</Empty>}
      />
    </Panel>
  );
}
