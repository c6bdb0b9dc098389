/** The networks of all hosts, and which containers are on them. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useMay } from "../../api/use-self.ts";
import { Empty } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { Select } from "../../components/select.tsx";
import type { Column } from "../../components/table/columns.ts";
import { tell } from "../../components/toasts.tsx";
import { FleetPage } from "../fleet/fleet-page.tsx";
import { HostSelect } from "../fleet/host-select.tsx";
import { useFleetList } from "../fleet/use-fleet-list.ts";
import { Topology } from "./topology.tsx";

type Network = Extract<Reply<"GET /api/v1/networks">, readonly unknown[]>[number];

/** Made by the engine itself; they cannot be removed. */
const systemNetworks = new Set(["bridge", "host", "none"]);

const membersOf = ({ Containers }: Network) => Object.values(Containers ?? {}).map(({ Name }) => Name ?? "");
const stackOf = ({ Labels }: Network) => Labels?.["com.docker.compose.project"];
const searchText = (network: Network) =>
  [network.Name, network.Id, network.Driver, stackOf(network), network.host_name, ...membersOf(network)].join(" ");

const usualColumns: readonly Column<Network>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.5fr)" },
    cell: ({ Name }) => <strong>{Name}</strong>,
    sortBy: ({ Name }) => Name,
  },
  { ...{ id: "driver", title: "Driver", width: "6rem" }, cell: ({ Driver }) => Driver, sortBy: ({ Driver }) => Driver },
  {
    ...{ id: "stack", title: "Stack", isSecondary: true },
    cell: (network) => stackOf(network) ?? "–",
    sortBy: stackOf,
  },
  {
    ...{ id: "members", title: "Containers", width: "minmax(6rem, 1.5fr)", isSecondary: true },
    cell: (network) => membersOf(network).join(", ") || "none",
    sortBy: (network) => membersOf(network).length,
  },
  {
    ...{ id: "reach", title: "Reaches", width: "7rem", isSecondary: true },
    cell: ({ Internal, Driver }) => reachText(Internal === true, Driver),
  },
  {
    ...{ id: "host", title: "Host", isSecondary: true },
    cell: ({ host_name: host }) => host,
    sortBy: ({ host_name: host }) => host,
  },
];

export default function NetworksPage() {
  const networks = useFleetList("networks", (signal) =>
    call("GET /api/v1/networks", { query: { host: "all" } }, { signal }),
  );
  const mayWrite = useMay("networks.write");
  const columns: readonly Column<Network>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: (network) =>
        mayWrite && !systemNetworks.has(network.Name) && <RemoveNetwork network={network} changed={networks.reload} />,
    },
  ];
  return (
    <FleetPage
      title="Networks"
      subtitle={networks.rows && `${networks.rows.length} in all`}
      what="networks"
      list={networks}
      columns={columns}
      rowId={({ Id, host_id: host }) => `${host} ${Id}`}
      textOf={searchText}
      mayWrite={mayWrite}
      makeTitle="New network"
      makeDialog={<NewNetwork onClose={networks.close} />}
      empty={() => (
        <Empty title="There are no networks">No engine is within reach, or none of them tells of any.</Empty>
      )}
    >
      <Topology />
    </FleetPage>
  );
}

function RemoveNetwork({ network: { Id, Name, host_id: host }, changed }: { network: Network; changed: () => void }) {
  return (
    <RemoveButton
      name={Name}
      question={`Remove the network ${Name}?`}
      lost="Containers can no longer meet on it. One that containers are on cannot be removed."
      remove={async () => {
        await call("DELETE /api/v1/networks/{id}", { path: { id: Id }, query: { host } });
        tell(`${Name} is removed`);
        changed();
      }}
    />
  );
}

const drivers = ["bridge", "macvlan", "ipvlan", "overlay"].map((value) => ({ value, title: value }));

function NewNetwork({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [driver, setDriver] = useState("bridge");
  const [host, setHost] = useState("local");
  return (
    <FormDialog
      title="New network"
      action="Make it"
      submit={async () => {
        await call("POST /api/v1/networks", { query: { host }, body: { name, driver } });
        tell(`${name} is there`);
      }}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      <Select label="Driver" value={driver} onChange={(event) => setDriver(event.target.value)} options={drivers} />
      <HostSelect label="On" value={host} onChange={setHost} />
    </FormDialog>
  );
}

function reachText(isInternal: boolean, driver: string): string {
  if (driver === "null") return "nothing";
  return isInternal ? "itself alone" : "outside";
}
