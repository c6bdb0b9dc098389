/** Opens what watches over the fleet: what happens in it, what its containers and machines use, and the rules by which people are told. */
import { type AlertNotice, type Alerts, openAlerts } from "../containers/alerts/alerts.ts";
import type { DockerHosts } from "../containers/docker-hosts.ts";
import { createMachines, type Machines } from "../containers/metrics/machines.ts";
import { type ContainerMetrics, openContainerMetrics } from "../containers/metrics/metrics.ts";
import { createFleetFeed, type FleetFeed, type FleetFeedParts } from "../containers/streams/fleet-feed.ts";
import type { Fleet } from "../hosts/fleet.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Log } from "../platform/log.ts";
import type { NotificationRoom } from "./notifications.ts";

export interface FleetWatch extends AsyncDisposable {
  readonly feed: FleetFeed;
  readonly metrics: ContainerMetrics;
  readonly machines: Machines;
  readonly alerts: Alerts;
}

export interface FleetWatchSources extends Pick<FleetFeedParts, "engines" | "stackFiles" | "placements"> {
  readonly notifications: Pick<NotificationRoom, "keepAlerts">;
  readonly dockerHosts: DockerHosts;
  readonly fleet: Pick<Fleet, "get">;
  readonly database: Database;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly log: Log;
}

export function openFleetWatch({
  dockerHosts: hosts,
  fleet,
  notifications,
  ...sources
}: FleetWatchSources): FleetWatch {
  const { bus, clock, log } = sources;
  const opened = new AsyncDisposableStack();
  const metrics = opened.use(openContainerMetrics({ ...sources, hosts }));
  const alerts = opened.use(
    openAlerts({
      ...{ ...sources, hosts, keep: notifications.keepAlerts },
      tell: (notice) => tell(notice, { bus, log }),
    }),
  );
  return {
    ...{ metrics, alerts, feed: createFleetFeed({ ...sources, hosts }) },
    machines: createMachines({ report: (hostId) => fleet.get(hostId).resources(), clock }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Of an alert: in the log, and to whoever watches the fleet. */
function tell(
  { rule, status, hostId, containerName, message, at }: AlertNotice,
  parts: Pick<FleetWatchSources, "bus" | "log">,
) {
  const facts = { rule: rule.name, severity: rule.severity, host: hostId, container: containerName };
  if (status === "fired") parts.log.warn(facts, message);
  else parts.log.info(facts, message);
  void parts.bus.publish("fleet.event", { type: `alert.${status}`, name: containerName, hostId, at });
}
