/** One capsule: how it is, its terminal, what runs in it, its files, its snapshots and its ports. */
import { type ReactNode, Suspense } from "react";
import { CallError } from "../../api/call-error.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { lazyPart } from "../../lazy-part.ts";
import type { PageProps } from "../../routes.ts";
import type { Capsule } from "../capsules/capsule.ts";
import { CapsuleStatus } from "../capsules/page.tsx";
import { CapsuleActions } from "./actions.tsx";
import { CapsuleOverview } from "./overview.tsx";
import { CapsulePorts } from "./ports.tsx";
import { CapsuleProcesses } from "./processes.tsx";
import { CapsuleSnapshots } from "./snapshots.tsx";
import { useCapsule } from "./use-capsule.ts";

const CapsuleTerminals = lazyPart(() => import("./terminals.tsx"));
const CapsuleFiles = lazyPart(() => import("./files/files.tsx"));

const tabs = [
  { id: "", title: "Overview" },
  { id: "terminal", title: "Terminal" },
  { id: "processes", title: "Processes" },
  { id: "files", title: "Files" },
  { id: "snapshots", title: "Snapshots" },
  { id: "ports", title: "Ports" },
];

export default function CapsulePage({ params: { id = "", tab = "" } }: PageProps) {
  const capsule = useCapsule(id);
  const mayRun = useMay("capsules.run");
  if (capsule.error instanceof CallError && capsule.error.status === 404) return <Gone id={id} />;
  if (!capsule.data)
    return capsule.error === undefined ? (
      <Loading what={id} />
    ) : (
      <Failed isWholePage what={`${id} cannot be shown`} error={capsule.error} retry={capsule.reload} />
    );
  const { template, team } = capsule.data;
  const mayUse = mayRun && capsule.data.mayUse;
  const shown = mayUse ? tabs : tabs.filter((each) => each.id === "");
  return (
    <Page
      title={id}
      badge={<CapsuleStatus capsule={capsule.data} />}
      subtitle={`${template}, of ${team}`}
      actions={mayUse && <CapsuleActions capsule={capsule.data} changed={capsule.reload} />}
    >
      <Tabs label={`Parts of ${id}`} base={`/capsules/${id}`} tabs={shown} active={tab} />
      <Suspense fallback={<Loading what={tab} />}>
        {shown.some((each) => each.id === tab) ? (
          <Part tab={tab} capsule={capsule.data} changed={capsule.reload} />
        ) : (
          <Empty title="There is no such part" />
        )}
      </Suspense>
    </Page>
  );
}

function Part({ tab, capsule, changed }: { tab: string; capsule: Capsule; changed: () => void }): ReactNode {
  if (tab === "") return <CapsuleOverview capsule={capsule} />;
  if (tab === "snapshots") return <CapsuleSnapshots capsule={capsule} changed={changed} />;
  if (capsule.status !== "running")
    return (
      <Empty title={`The capsule is ${capsule.status}`}>
        {capsule.status === "paused" || capsule.status === "hibernated"
          ? "Resume it to come inside again."
          : "What is inside is only there while it runs."}
      </Empty>
    );
  if (tab === "terminal") return <CapsuleTerminals capsule={capsule} />;
  if (tab === "processes") return <CapsuleProcesses capsule={capsule} />;
  if (tab === "files") return <CapsuleFiles capsule={capsule} />;
  return <CapsulePorts capsule={capsule} />;
}

function Gone({ id }: { id: string }) {
  return (
    <Empty
      isWholePage
      title={`There is no capsule “${id}”`}
      actions={<LinkButton href="/capsules">All capsules</LinkButton>}
    >
      It was never made, or is of a team that you are not in.
    </Empty>
  );
}
