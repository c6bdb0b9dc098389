/** What the console's operations are built on: how people look through all that the yard runs. yard.ts hands it in. */
import type { Apps } from "../../apps/apps.ts";
import type { CapsuleBrowser } from "../../capsules/browse.ts";
import type { FiringAlerts } from "../../containers/alerts/firing.ts";
import type { DockerHost, DockerHosts } from "../../containers/docker-hosts.ts";
import type { Inventories } from "../../containers/inventory/inventories.ts";
import type { Placements } from "../../containers/stacks/placements.ts";
import type { StackFiles } from "../../containers/stacks/stack-files.ts";
import type { HostLoads } from "../../hosts/host-loads.ts";
import type { HostRecord } from "../../hosts/host-record.ts";
import type { Hosts } from "../../hosts/hosts.ts";
import type { AuditPages } from "../../identity/audit-pages.ts";
import type { Tickets, Users } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Bus } from "../../platform/bus/bus.ts";
import type { EventPages } from "../../platform/bus/event-pages.ts";
import type { Topics } from "../../platform/bus/topics.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { ExecutionBrowser } from "../../scripts/browse.ts";
import type { TaskBrowser } from "../../tasks/browse.ts";
import type { LiveOutputs } from "../../tasks/live-outputs.ts";
import type { Access } from "./access.ts";
import type { HostShown } from "./rows/container.ts";

export interface ConsoleParts {
  readonly access: Access;
  readonly apps: Pick<Apps, "listAccessible" | "owned">;
  readonly tasks: TaskBrowser;
  readonly taskOutputs: Pick<LiveOutputs, "watch">;
  readonly capsules: CapsuleBrowser;
  readonly executions: ExecutionBrowser;
  readonly dockerHosts: Pick<DockerHosts, "fanOut" | "list">;
  readonly inventories: Pick<Inventories, "containers" | "onEvent">;
  readonly stackFiles: Pick<StackFiles, "list" | "onChange">;
  readonly placements: Pick<Placements, "get" | "list">;
  readonly hosts: HostsSeen;
  readonly loads: HostLoads;
  readonly alerts: FiringAlerts;
  readonly events: EventPages;
  readonly auditLog: AuditPages;
  readonly users: Pick<Users, "list">;
  readonly words: Words;
  readonly doctor: DoctorRounds;
  readonly tickets: LiveTickets;
  readonly bus: Pick<Bus<Topics>, "subscribe" | "onResync">;
  /** Given where other yards may change what is seen here, and do not tell: after so many milliseconds each time, who looks is told to read again. */
  readonly rereadMs: number | undefined;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
}

export interface HostsSeen extends Pick<Hosts, "onChange"> {
  records(): readonly HostRecord[];
  isConnected(hostId: string): boolean;
  /** Of the one that the yard runs on. */
  readonly ownId: string;
}

/** Ids and names as the APIs spell them that act on what they name. */
export interface Words {
  idToWire(kind: "capsule" | "team", id: string): string;
  /** @throws {YardError} invalid */
  idFromWire(kind: "capsule", text: string): string;
  engineHost(host: Pick<DockerHost, "id" | "name" | "isLocal">): HostShown;
}

export interface LiveTickets {
  /** Good once, for 30 s, for whoever asks and for what they may at this moment. */
  issue(principal: Principal): ReturnType<Tickets["issue"]>;
  /** Uses it up, whatever becomes of the request that brings it. @throws {YardError} unauthenticated */
  redeem(ticket: string): Promise<Principal>;
  /** Who somebody is by now. @throws {YardError} unauthenticated, once the session or key has ended */
  again(principal: Principal): Promise<Principal>;
}

export interface DoctorReport {
  readonly at: number;
  readonly findings: readonly {
    readonly name: string;
    readonly state: "ok" | "warning" | "missing";
    readonly what: string;
    readonly fix?: string;
  }[];
}

export interface DoctorRounds {
  /** A report that is a minute old at most, or with `fresh` a new one. */
  report(options?: { readonly fresh?: boolean }): Promise<DoctorReport>;
  /** The last one, whatever its age; undefined while there is none. Another one is begun if it is old. */
  readonly known: DoctorReport | undefined;
}
