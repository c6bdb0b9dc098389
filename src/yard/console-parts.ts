/** What the console's operations are built on, out of the yard's rooms. */
import { hostToWire } from "../apis/dockmesh/fan-out.ts";
import { createSocketTickets } from "../apis/dockmesh/tickets.ts";
import { idFromWire, idToWire } from "../apis/wrenn/ids.ts";
import type { ConsoleParts } from "../apis/yard/console-parts.ts";
import { createCapsuleBrowser } from "../capsules/browse.ts";
import type { Config } from "../config.ts";
import { createFiringAlerts } from "../containers/alerts/firing.ts";
import type { Machines } from "../containers/metrics/machines.ts";
import type { Stacks } from "../containers/stacks/stacks.ts";
import type { Fleet } from "../hosts/fleet.ts";
import { type HostLoads, openHostLoads } from "../hosts/host-loads.ts";
import { createAuditPages } from "../identity/audit-pages.ts";
import type { Identity } from "../identity/identity.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";
import { createEventPages } from "../platform/bus/event-pages.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Reserve } from "../platform/reserve.ts";
import { createExecutionBrowser } from "../scripts/browse.ts";
import { createTaskBrowser } from "../tasks/browse.ts";
import { createAccess } from "./console-access.ts";
import { createDoctorRounds } from "./console-doctor.ts";

export interface ConsoleSources
  extends Pick<
    ConsoleParts,
    "apps" | "taskOutputs" | "dockerHosts" | "inventories" | "stackFiles" | "bus" | "loads" | "log"
  > {
  readonly config: Config;
  readonly database: Database;
  readonly identity: Identity;
  readonly teamDirectory: TeamDirectory;
  readonly fleet: Fleet;
  readonly stacks: Pick<Stacks, "placements">;
  readonly essential: Reserve["essential"];
  readonly clock: Clock;
}

/** Of yards that share a database, and have no Redis to tell each other by. */
const silentPeersMs = 10_000;

export function consoleParts({
  config,
  database,
  identity,
  teamDirectory,
  fleet,
  stacks,
  essential,
  ...rest
}: ConsoleSources): ConsoleParts {
  const { clock } = rest;
  const { tickets, authenticator, users } = identity;
  const socketTickets = createSocketTickets({ tickets, authenticator, essential });
  return {
    ...{ ...rest, users, placements: stacks.placements },
    access: createAccess({ identity, teamDirectory }),
    tasks: createTaskBrowser(database),
    capsules: createCapsuleBrowser(database),
    executions: createExecutionBrowser(database),
    alerts: createFiringAlerts(database),
    events: createEventPages(database),
    auditLog: createAuditPages(database),
    hosts: {
      records: fleet.records,
      isConnected: (id) => fleet.list().some((host) => host.id === id && host.connected),
      onChange: fleet.onChange,
      ownId: fleet.local.id,
    },
    words: { idToWire, idFromWire, engineHost: nameEngineHost },
    doctor: createDoctorRounds({ config, localHost: fleet.local, clock }),
    tickets: { ...socketTickets, issue: (principal) => essential(() => tickets.issue(principal)) },
    rereadMs: config.databaseUrl !== undefined && config.redisUrl === undefined ? silentPeersMs : undefined,
  };
}

function nameEngineHost(host: Parameters<ConsoleParts["words"]["engineHost"]>[0]) {
  const { host_id: hostId, host_name: hostName } = hostToWire(host);
  return { hostId, hostName };
}

/** Looks at all hosts that are connected to this yard. */
export function openLoads({ fleet, machines, clock }: { fleet: Fleet; machines: Machines; clock: Clock }): HostLoads {
  return openHostLoads({
    hostIds: () => fleet.list().flatMap(({ id, connected }) => (connected ? [id] : [])),
    use: machines.use,
    clock,
  });
}
