/** The containers of a stack, by service, and how many there are of each. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { MoreMenu } from "../../components/more-menu.tsx";
import { Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { type Container, ContainerStatus, placeOfContainer } from "../containers/container-state.tsx";
import type { Stack } from "../stacks/stack-state.ts";
import { Dependencies } from "./dependencies.tsx";
import { RollService } from "./roll-service.tsx";
import { ScaleService } from "./scale-service.tsx";

export function StackServices({ stack }: { stack: Stack }) {
  const { name } = stack;
  const containers = useRead(
    `containers of ${name}`,
    async (signal) => (await call("GET /yard/v1/containers", { query: { stack: name, limit: 500 } }, { signal })).items,
    { topics: ["containers"] },
  );
  const [asked, setAsked] = useState<{ readonly what: "roll" | "scale"; readonly service: string }>();
  const [, navigate] = useLocation();
  const mayDeploy = useMay("stacks.deploy");
  const columns: readonly Column<Container>[] = [
    {
      ...{ id: "service", title: "Service", width: "minmax(6rem, 1fr)", isSecondary: true },
      cell: ({ service }) => <strong>{service ?? "–"}</strong>,
      sortBy: ({ service }) => service ?? undefined,
    },
    {
      ...{ id: "name", title: "Container", width: "minmax(7rem, 1.4fr)" },
      cell: ({ name: each }) => each,
      sortBy: ({ name: each }) => each,
    },
    {
      ...{ id: "state", title: "State", width: "8rem" },
      cell: (container) => <ContainerStatus container={container} />,
      sortBy: ({ state }) => state,
    },
    { id: "status", title: "Since", width: "minmax(6rem, 1fr)", cell: ({ status }) => status, isSecondary: true },
    { id: "image", title: "Image", width: "minmax(6rem, 1.2fr)", cell: ({ image }) => image, isSecondary: true },
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: ({ name: each, service }) =>
        mayDeploy &&
        service !== null && (
          <MoreMenu
            label={`More for ${each}`}
            actions={[
              { title: `Scale ${service}…`, act: () => setAsked({ what: "scale", service }) },
              { title: `Replace ${service} in turn…`, act: () => setAsked({ what: "roll", service }) },
            ]}
          />
        ),
    },
  ];
  const ofService = (service: string) => ({
    ...{ name, service, host: stack.deployment?.host_id },
    onClose: () => setAsked(undefined),
  });
  return (
    <>
      <Panel title="Containers" isFlush>
        <Table
          what="containers"
          columns={columns}
          rows={containers.data}
          rowId={({ hostId, id }) => `${hostId} ${id}`}
          onOpen={(container) => navigate(placeOfContainer(container))}
          order={{ column: "service", isDescending: false }}
          error={containers.error}
          onRetry={containers.reload}
          empty={
            <Empty
              title="None of it runs"
              actions={<LinkButton href={`/stacks/${encodeURIComponent(name)}/files`}>Look at its files</LinkButton>}
            >
              A deployment makes and starts its containers.
            </Empty>
          }
        />
      </Panel>
      {mayDeploy && <Dependencies name={name} />}
      {asked?.what === "scale" && <ScaleService {...ofService(asked.service)} onScaled={containers.reload} />}
      {asked?.what === "roll" && <RollService {...ofService(asked.service)} onRolled={containers.reload} />}
    </>
  );
}
