/** What all containers of a stack print, together, each line with its service. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Failed, Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { ContainerLogs } from "../container/logs.tsx";
import type { Stack } from "../stacks/stack-state.ts";

export function StackLogs({ stack: { name } }: { stack: Stack }) {
  const containers = useRead(
    `containers of ${name}`,
    async (signal) => (await call("GET /yard/v1/containers", { query: { stack: name, limit: 500 } }, { signal })).items,
    { topics: ["containers"] },
  );
  if (!containers.data)
    return containers.error === undefined ? (
      <Loading what="the logs" />
    ) : (
      <Failed what="The logs cannot be shown" error={containers.error} retry={containers.reload} />
    );
  const sources = containers.data.map(({ id, hostId, name: own, service }) => ({ id, hostId, label: service ?? own }));
  return (
    <Panel title="Logs of all services" isFlush>
      <ContainerLogs name={name} sources={sources} />
    </Panel>
  );
}
