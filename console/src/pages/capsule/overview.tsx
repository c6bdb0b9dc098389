/** What a capsule is, and what it takes. */
import { Suspense } from "react";
import { Loading } from "../../components/empty.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import { lazyPart } from "../../lazy-part.ts";
import { type Capsule, idleText, keptByPause } from "../capsules/capsule.ts";

const CapsuleMetrics = lazyPart(() => import("./metrics.tsx"));
const mebibyte = 1024 * 1024;

export function CapsuleOverview({ capsule }: { capsule: Capsule }) {
  const hasMetrics = capsule.status === "running" || capsule.status === "paused";
  return (
    <>
      <Panel title="How it is">
        <Facts facts={factsOf(capsule)} />
      </Panel>
      {hasMetrics && (
        <Suspense fallback={<Loading what="what it takes" />}>
          <CapsuleMetrics capsule={capsule} />
        </Suspense>
      )}
    </>
  );
}

function factsOf(capsule: Capsule) {
  const moment = (at: number | null) => (at === null ? undefined : <Ago at={at} />);
  return {
    Reason: capsule.reason ?? undefined,
    Made: moment(capsule.createdAt),
    Started: moment(capsule.startedAt),
    "Last used": moment(capsule.lastActiveAt),
    "Is paused": idleText(capsule.idleTimeoutSeconds),
    "A pause keeps": keptByPause[capsule.keeps],
    CPUs: capsule.vcpus,
    Memory: bytesText(capsule.memoryMb * mebibyte),
    Disk: bytesText(capsule.diskMb * mebibyte),
    Template: capsule.template,
    "Kept apart by": capsule.driver,
    Host: capsule.hostName ?? capsule.hostId,
    Team: capsule.team,
  };
}
