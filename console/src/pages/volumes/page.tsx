/** The volumes of all hosts: where containers keep what outlives them. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useMay } from "../../api/use-self.ts";
import { Empty } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Ago } from "../../components/moments.tsx";
import { NameField } from "../../components/name-field.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import type { Column } from "../../components/table/columns.ts";
import { tell } from "../../components/toasts.tsx";
import { FleetPage } from "../fleet/fleet-page.tsx";
import { HostSelect } from "../fleet/host-select.tsx";
import { useFleetList } from "../fleet/use-fleet-list.ts";

type Volume = Extract<Reply<"GET /api/v1/volumes">, readonly unknown[]>[number];

const stackOf = ({ Labels }: Volume) => Labels?.["com.docker.compose.project"];
const madeAt = ({ CreatedAt }: Volume) => (CreatedAt === undefined ? undefined : Date.parse(CreatedAt));
const searchText = (volume: Volume) => [volume.Name, stackOf(volume), volume.host_name, volume.Driver].join(" ");

export default function VolumesPage() {
  const volumes = useFleetList("volumes", (signal) =>
    call("GET /api/v1/volumes", { query: { host: "all" } }, { signal }),
  );
  const [, navigate] = useLocation();
  const mayWrite = useMay("volumes.write");
  const mayBrowse = useMay("fleet.manage");
  const columns: readonly Column<Volume>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: (volume) => mayWrite && <RemoveVolume volume={volume} changed={volumes.reload} />,
    },
  ];
  return (
    <FleetPage
      title="Volumes"
      subtitle={volumes.rows && `${volumes.rows.length} in all`}
      what="volumes"
      list={volumes}
      columns={columns}
      rowId={({ Name, host_id: host }) => `${host} ${Name}`}
      textOf={searchText}
      onOpen={mayBrowse ? (volume) => navigate(placeOfVolume(volume)) : undefined}
      mayWrite={mayWrite}
      makeTitle="New volume"
      makeDialog={<NewVolume onClose={volumes.close} />}
      empty={(make) => (
        <Empty title="There are no volumes yet" actions={make}>
          A volume keeps what containers write when they themselves are gone. Stacks make those that they name.
        </Empty>
      )}
    />
  );
}

const placeOfVolume = ({ Name, host_id: host = "local" }: Volume) =>
  `/volumes/${encodeURIComponent(host)}/${encodeURIComponent(Name)}`;

const usualColumns: readonly Column<Volume>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(9rem, 2fr)" },
    cell: ({ Name }) => <strong title={Name}>{Name}</strong>,
    sortBy: ({ Name }) => Name,
  },
  {
    ...{ id: "stack", title: "Stack", isSecondary: true },
    cell: (volume) => stackOf(volume) ?? "–",
    sortBy: stackOf,
  },
  { ...{ id: "driver", title: "Driver", width: "6rem", isSecondary: true }, cell: ({ Driver }) => Driver },
  {
    ...{ id: "host", title: "Host", isSecondary: true },
    cell: ({ host_name: host }) => host,
    sortBy: ({ host_name: host }) => host,
  },
  {
    ...{ id: "made", title: "Made", width: "6rem", isNumber: true, isSecondary: true },
    cell: (volume) => <Made at={madeAt(volume)} />,
    sortBy: madeAt,
  },
];

function Made({ at }: { at: number | undefined }) {
  return at === undefined || Number.isNaN(at) ? "–" : <Ago at={at} />;
}

function RemoveVolume({ volume: { Name, host_id: host }, changed }: { volume: Volume; changed: () => void }) {
  return (
    <RemoveButton
      name={Name}
      question={`Remove the volume ${Name}?`}
      lost="All that is in it will be lost for good. A volume that a container uses cannot be removed."
      remove={async () => {
        await call("DELETE /api/v1/volumes/{name}", { path: { name: Name }, query: { host } });
        tell(`${Name} is removed`);
        changed();
      }}
    />
  );
}

function NewVolume({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [host, setHost] = useState("local");
  return (
    <FormDialog
      title="New volume"
      action="Make it"
      submit={async () => {
        await call("POST /api/v1/volumes", { query: { host }, body: { name } });
        tell(`${name} is there`);
      }}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      <HostSelect label="On" value={host} onChange={setHost} />
    </FormDialog>
  );
}
