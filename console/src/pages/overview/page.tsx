/** What is wrong now, first; then what runs, how loaded the hosts are, and what happened. In a yard where nothing is yet: how to begin. */
import { Suspense } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Failed, Loading } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { lazyPart } from "../../lazy-part.ts";
import { FirstThings } from "./first-things.tsx";
import { Happened } from "./happened.tsx";
import { Runs } from "./runs.tsx";
import { Wrong } from "./wrong.tsx";

const Load = lazyPart(() => import("./load.tsx"));

const topics = ["apps", "capsules", "tasks", "executions", "containers", "stacks", "hosts", "alerts"] as const;
/** As often as the load is measured. */
const readEveryMs = 30_000;

export default function OverviewPage() {
  const { data, error, reload } = useRead("overview", (signal) => call("GET /yard/v1/overview", {}, { signal }), {
    topics,
    everyMs: readEveryMs,
  });
  if (!data) {
    if (error === undefined) return <Loading what="the overview" />;
    return <Failed isWholePage what="The overview cannot be shown" error={error} retry={reload} />;
  }
  const { wrong, runs, load, happened } = data;
  return (
    <Page title="Overview">
      <FirstThings overview={data} />
      <Wrong wrong={wrong} />
      <Runs runs={runs} />
      {load && load.points.length > 1 && (
        <Suspense>
          <Load load={load} />
        </Suspense>
      )}
      {happened && (
        <Panel title="What happened" isFlush>
          <Happened events={happened} />
        </Panel>
      )}
    </Page>
  );
}
