/** One stack: what runs of it, its files, what its containers print, and what became of its deployments. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { type Tab, Tabs } from "../../components/tabs.tsx";
import type { PageProps } from "../../routes.ts";
import { stackStateOf } from "../stacks/stack-state.ts";
import { StackActions } from "./actions.tsx";
import { DeploymentProgress } from "./deployment-progress.tsx";
import { StackFiles } from "./files.tsx";
import { StackHistory } from "./history.tsx";
import { StackLogs } from "./logs.tsx";
import { Recovery } from "./recovery.tsx";
import { StackServices } from "./services.tsx";
import { useDeployment } from "./use-deployment.ts";

export default function StackPage({ params: { name = "", tab = "" } }: PageProps) {
  const stack = useRead(`stack ${name}`, (signal) => readStack(name, signal), { topics: ["stacks", "containers"] });
  const deployment = useDeployment(name, stack.reload);
  const mayDeploy = useMay("stacks.deploy");
  if (stack.error instanceof CallError && stack.error.status === 404) return <Gone name={name} />;
  if (!stack.data)
    return stack.error === undefined ? (
      <Loading what={name} />
    ) : (
      <Failed isWholePage what={`${name} cannot be shown`} error={stack.error} retry={stack.reload} />
    );
  const { listed, counts } = stack.data;
  const state = stackStateOf(listed, counts);
  const where = listed.deployment && (listed.deployment.host_name ?? listed.deployment.host_id);
  const isLost = listed.status === "needs_recovery";
  const tabs: readonly Tab[] = [
    { id: "", title: "Services" },
    { id: "files", title: "Files" },
    { id: "logs", title: "Logs" },
    ...(mayDeploy ? [{ id: "history", title: "History" }] : []),
  ];
  return (
    <Page
      title={name}
      badge={<Status tone={state.tone}>{state.word}</Status>}
      subtitle={where === undefined ? "Was not deployed yet" : `On ${where}`}
      actions={<StackActions stack={listed} deployment={deployment} changed={stack.reload} />}
    >
      {isLost && <Recovery name={name} changed={stack.reload} />}
      <DeploymentProgress deployment={deployment} />
      <Tabs label={`Parts of ${name}`} base={`/stacks/${encodeURIComponent(name)}`} tabs={tabs} active={tab} />
      {tab === "" && <StackServices stack={listed} />}
      {tab === "files" && <StackFiles name={name} deployment={deployment} />}
      {tab === "logs" && <StackLogs key={name} stack={listed} />}
      {tab === "history" && <StackHistory name={name} deployment={deployment} />}
    </Page>
  );
}

async function readStack(name: string, signal: AbortSignal) {
  const [all, summary] = await Promise.all([
    call("GET /api/v1/stacks", {}, { signal }),
    call("GET /api/v1/containers/summary", { query: { host: "all" } }, { signal }),
  ]);
  const listed = all.find((stack) => stack.name === name);
  if (!listed) throw new CallError(`There is no stack ${name}.`, 404);
  return { listed, counts: summary.by_stack[name] };
}

function Gone({ name }: { name: string }) {
  return (
    <Empty
      isWholePage
      title={`There is no stack “${name}”`}
      actions={<LinkButton href="/stacks">All stacks</LinkButton>}
    >
      It was deleted, or never made, or you may not see it.
    </Empty>
  );
}
