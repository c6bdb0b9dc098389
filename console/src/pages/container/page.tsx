/** One container: how it is, what it prints and uses, a terminal in it, and all that its engine says of it. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { type Tab, Tabs } from "../../components/tabs.tsx";
import type { PageProps } from "../../routes.ts";
import { ContainerStatus } from "../containers/container-state.tsx";
import { ContainerActions } from "./actions.tsx";
import { Inspect } from "./inspect.tsx";
import { ContainerLogs } from "./logs.tsx";
import { Overview } from "./overview.tsx";
import { seenOf } from "./seen-container.ts";
import { ContainerTerminal } from "./shell.tsx";
import { Usage } from "./usage.tsx";

export default function ContainerPage({ params: { host = "local", id = "", tab = "" } }: PageProps) {
  const mayExec = useMay("containers.exec");
  const container = useRead(
    `container ${host} ${id}`,
    (signal) => call("GET /api/v1/containers/{id}", { path: { id }, query: { host } }, { signal }),
    { topics: ["containers"] },
  );
  if (container.error instanceof CallError && container.error.status === 404) return <Gone />;
  if (!container.data)
    return container.error === undefined ? (
      <Loading what="the container" />
    ) : (
      <Failed isWholePage what="The container cannot be shown" error={container.error} retry={container.reload} />
    );
  const seen = seenOf(container.data, host);
  const isUp = seen.state === "running";
  const tabs: readonly Tab[] = [
    { id: "", title: "Overview" },
    { id: "logs", title: "Logs" },
    ...(mayExec ? [{ id: "terminal", title: "Terminal" }] : []),
    { id: "usage", title: "Usage" },
    { id: "inspect", title: "Inspect" },
  ];
  return (
    <Page
      title={seen.name}
      badge={<ContainerStatus container={seen} />}
      subtitle={<code>{seen.image}</code>}
      actions={<ContainerActions container={seen} changed={container.reload} />}
    >
      <Tabs
        label={`Parts of ${seen.name}`}
        base={`/containers/${encodeURIComponent(host)}/${encodeURIComponent(id)}`}
        tabs={tabs}
        active={tab}
      />
      {tab === "" && <Overview seen={seen} whole={container.data} />}
      {tab === "logs" && (
        <Panel title="Logs" isFlush>
          <ContainerLogs name={seen.name} sources={[{ id: seen.id, hostId: host }]} />
        </Panel>
      )}
      {tab === "terminal" && (
        <Panel title="Terminal" isFlush>
          {isUp ? <ContainerTerminal container={seen} /> : <NotRunning />}
        </Panel>
      )}
      {tab === "usage" && <Usage container={seen} isUp={isUp} />}
      {tab === "inspect" && <Inspect name={seen.name} whole={container.data} />}
    </Page>
  );
}

function NotRunning() {
  return <Empty title="It does not run">A terminal is in a container that runs. Start it first.</Empty>;
}

function Gone() {
  return (
    <Empty
      isWholePage
      title="There is no such container"
      actions={<LinkButton href="/containers">All containers</LinkButton>}
    >
      It was removed, or made anew by a deployment or an update: then it has another id.
    </Empty>
  );
}
