/** What is measured: of each capsule while it runs, and of each team all the time. */
import { YardError } from "../../platform/errors.ts";
import type { CapsuleMeasures } from "../capsule.ts";
import { type Metrics, type MetricsParts, openMetrics } from "./metrics.ts";
import { openTeamLoads, type TeamLoads } from "./team-loads.ts";
import { bucketsOf, peakMs, peaksOf } from "./team-series.ts";

export interface Measures
  extends CapsuleMeasures,
    Pick<Metrics, "settle" | "forget">,
    Pick<TeamLoads, "clearTeam">,
    AsyncDisposable {}

export function openMeasures(parts: MetricsParts): Measures {
  const { store, clock } = parts;
  const opened = new AsyncDisposableStack();
  const metrics = opened.use(openMetrics(parts));
  const loads = opened.use(openTeamLoads(parts));

  return {
    settle: metrics.settle,
    forget: metrics.forget,
    clearTeam: loads.clearTeam,

    async ofCapsule(teamId, id, range) {
      const capsule = await store.get(id);
      const isMeasured = capsule?.teamId === teamId && (capsule.status === "running" || capsule.status === "paused");
      if (!isMeasured) throw new YardError("not_found", `There is no capsule ${id} that runs or is paused.`);
      return metrics.of(capsule, range);
    },

    async ofTeam(teamId, range) {
      const now = clock.now();
      const all = await loads.since(teamId, now - peakMs);
      const current = await loads.current(teamId);
      return { current, peaks: peaksOf([...all, current]), buckets: bucketsOf(all, range, now) };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
