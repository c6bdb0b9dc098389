/** The containers of all hosts, running or not. */
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Input } from "../../api/operations.ts";
import { usePages } from "../../api/use-pages.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago, countText } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import type { Column, Order } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { AwayHosts } from "../fleet/away-hosts.tsx";
import styles from "../fleet/fleet.module.css";
import { type Container, ContainerStatus, placeOfContainer } from "./container-state.tsx";
import { ContainerRowActions } from "./row-actions.tsx";

type Query = NonNullable<Input<"GET /yard/v1/containers">["query"]>;

const pageRows = 500;

const states = ["running", "exited", "paused", "restarting", "created", "dead"];
const stateOptions = [{ value: "", title: "Any state" }, ...states.map((value) => ({ value, title: value }))];

export default function ContainersPage() {
  const [words, setWords] = useState("");
  const [state, setState] = useState("");
  const [order, setOrder] = useState<Order>({ column: "name", isDescending: false });
  const [away, setAway] = useState<AwayList>([]);
  const search = useDeferredValue(words.trim());
  const [, navigate] = useLocation();
  const mayDeploy = useMay("stacks.write");
  // Columns that sort are named as the yard's orders.
  const sort = `${order.isDescending ? "-" : ""}${order.column}` as Query["sort"];
  const containers = usePages(
    `containers ${sort} ${state} ${search}`,
    async (after, signal) => {
      const query: Query = { limit: pageRows, after, sort, search: search || undefined, state: state || undefined };
      const page = await call("GET /yard/v1/containers", { query }, { signal });
      setAway(page.unreachable);
      return page;
    },
    ["containers", "hosts"],
  );
  const isFiltered = search !== "" || state !== "";
  return (
    <Page title="Containers" subtitle={containers.total === undefined ? "Of all hosts" : totalText(containers.total)}>
      <Panel isFlush>
        <div className={styles.filters}>
          <input
            type="search"
            aria-label="Search containers"
            placeholder="Search containers…"
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <Select
            isBare
            label="State"
            value={state}
            onChange={(event) => setState(event.target.value)}
            options={stateOptions}
          />
        </div>
        <AwayHosts what="containers" hosts={away.map(({ hostName: name, reason }) => ({ name, reason }))} />
        <Table
          what="containers"
          columns={columns}
          rows={containers.rows}
          rowId={({ hostId, id }) => `${hostId} ${id}`}
          onOpen={(container) => navigate(placeOfContainer(container))}
          order={order}
          onSort={setOrder}
          onMore={containers.hasMore ? containers.more : undefined}
          error={containers.error}
          onRetry={containers.reload}
          empty={
            isFiltered ? (
              <Empty title="No containers match">Search for something else, or look at any state.</Empty>
            ) : (
              <Empty
                title="There are no containers yet"
                actions={mayDeploy && <LinkButton href="/new-stack">New stack</LinkButton>}
              >
                Containers come with stacks, and with whatever else uses the engines of your hosts.
              </Empty>
            )
          }
        />
      </Panel>
    </Page>
  );
}

type AwayList = readonly { readonly hostName: string; readonly reason: string }[];

const totalText = (total: number) => `${countText(total)} in all`;

const columns: readonly Column<Container>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.5fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "state", title: "State", width: "7.5rem" },
    cell: (container) => <ContainerStatus container={container} />,
    sortBy: ({ state, health }) => `${state} ${health}`,
  },
  {
    ...{ id: "image", title: "Image", width: "minmax(6rem, 1.4fr)", isSecondary: true },
    cell: ({ image }) => <code title={image}>{image}</code>,
  },
  {
    ...{ id: "stack", title: "Stack", width: "minmax(4rem, 0.8fr)", isSecondary: true },
    cell: ({ stack }) => stack ?? "–",
  },
  {
    ...{ id: "host", title: "Host", width: "minmax(4rem, 0.7fr)", isSecondary: true },
    cell: ({ hostName }) => hostName,
    sortBy: ({ hostName }) => hostName,
  },
  {
    ...{ id: "created", title: "Made", width: "5.5rem", isNumber: true, isSecondary: true },
    cell: ({ createdAt }) => <Ago at={createdAt} />,
    sortBy: ({ createdAt }) => createdAt,
  },
  {
    ...{ id: "actions", title: "Actions", width: "9.5rem", isNumber: true, isSecondary: true },
    cell: (container) => <ContainerRowActions container={container} />,
  },
];
