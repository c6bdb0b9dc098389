/** Opens the room of hosts, out of the yard's settings and its other rooms. */
import { systemActor } from "../capsules/announce.ts";
import type { CapsulesOnHosts } from "../capsules/capsule.ts";
import { readHostLoads } from "../capsules/host-loads.ts";
import type { Config } from "../config.ts";
import { createEnrolment, type Enrolment } from "../hosts/enrolment.ts";
import { type Fleet, openFleet } from "../hosts/fleet.ts";
import type { Host } from "../hosts/host.ts";
import { createHostTokens } from "../hosts/host-tokens.ts";
import { createLiveness, type HostEvent, type Liveness } from "../hosts/liveness.ts";
import { createHostRegistry, type HostRegistry } from "../hosts/registry.ts";
import { createHostRemoval, type HostRemoval, type Tenants } from "../hosts/removal.ts";
import type { Identity } from "../identity/identity.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { EventLog } from "../platform/bus/event-log.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { YardKeys } from "../platform/crypto/yard-keys.ts";
import type { Database } from "../platform/db/database.ts";
import type { Instances } from "../platform/instances/instances.ts";
import type { Log } from "../platform/log.ts";

export interface HostRoom extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly registry: HostRegistry;
  readonly enrolment: Enrolment;
  readonly liveness: Liveness;
  /** Of capsules, once they are there. */
  removal(capsules: CapsulesOnHosts): HostRemoval;
}

export interface HostSources {
  readonly config: Config;
  readonly local: Host;
  readonly database: Database;
  readonly keys: YardKeys;
  readonly identity: Pick<Identity, "memberships" | "audit">;
  readonly instances: Pick<Instances, "self" | "find">;
  readonly bus: Bus<Topics>;
  readonly events: EventLog;
  /** Hears of hosts that come and go; what it does is not waited for. */
  tell(event: HostEvent): void;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openHostRoom(sources: HostSources): Promise<HostRoom> {
  const { config, local, database, keys, identity, instances, bus, clock, log } = sources;
  const changed = (hostId: string) => bus.publish("host.changed", { hostId });
  const registry = createHostRegistry({ database, clock });
  const liveness = createLiveness({ database, clock, changed, tell: (event) => announce(event, sources) });
  const enrolment = createEnrolment({
    ...{ database, clock, registry, changed },
    tokens: createHostTokens({ keys: keys.signing, clock }),
    successorKey: deriveKey(keys.master, "host refresh successors"),
    onReuse: async ({ id, name }) => {
      log.warn(
        { host: name },
        "a refresh token of a host came twice: it was stolen; all credentials of the host have ended",
      );
      const actor = { id: null, name: `host ${name}` };
      await identity.audit.record({ actor, api: "yard", action: "host.refresh-reused", target: id, outcome: "denied" });
    },
  });

  await using opened = new AsyncDisposableStack();
  const fleet = opened.use(
    await openFleet({
      ...{ local, registry, liveness, log, yardId: instances.self.id, findYard: instances.find },
      usesOwnHosts: async (teamId) => (await identity.memberships.team(teamId)).isByoc,
      loads: () => readHostLoads(database),
      overcommit: { cpu: 1.5, ...config.hosts.overcommit },
    }),
  );
  opened.use(bus.subscribe("host.changed", () => fleet.refresh()));
  opened.use(bus.onResync(() => fleet.refresh()));
  const lifetime = opened.move();
  return {
    ...{ fleet, registry, enrolment, liveness },
    removal: (capsules) => createHostRemoval({ registry, fleet, changed, log, tenants: tenantsOf(capsules) }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function announce(event: HostEvent, { events, bus, tell, log }: HostSources): void {
  const { event: topic, hostId, teamId = null, at } = event;
  events.append(topic, hostId, { teamId }).catch((error: unknown) => {
    log.warn({ err: error, event: topic, host: hostId }, "what became of a host could not be written down");
  });
  // Of a team's own host nobody else hears.
  const type = topic === "host.up" ? "host.online" : "host.offline";
  if (teamId === null) void bus.publish("fleet.event", { type, hostId, at });
  tell(event);
}

const active: ReadonlySet<string> = new Set(["pending", "starting", "running", "missing"]);

function tenantsOf(capsules: CapsulesOnHosts): Tenants {
  return {
    activeOn: async (hostId) =>
      (await capsules.list(hostId)).filter(({ status }) => active.has(status)).map(({ id }) => id),
    destroyOn: (hostId) => capsules.clear(hostId, systemActor),
  };
}
