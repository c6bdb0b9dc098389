/** What Dockmesh's API is built on; yard.ts hands it in. */
import type { Alerts } from "../../containers/alerts/alerts.ts";
import type { DockerHosts } from "../../containers/docker-hosts.ts";
import type { FleetSettings } from "../../containers/fleet-settings/fleet-settings.ts";
import type { GlobalEnv } from "../../containers/global-env/global-env.ts";
import type { ImagePulls } from "../../containers/image-pull.ts";
import type { Inventories } from "../../containers/inventory/inventories.ts";
import type { Machines } from "../../containers/metrics/machines.ts";
import type { ContainerMetrics } from "../../containers/metrics/metrics.ts";
import type { Registries } from "../../containers/registries/registries.ts";
import type { StackFiles } from "../../containers/stacks/stack-files.ts";
import type { Stacks } from "../../containers/stacks/stacks.ts";
import type { FleetFeed } from "../../containers/streams/fleet-feed.ts";
import type { Templates } from "../../containers/templates/templates.ts";
import type { ContainerUpdates } from "../../containers/updates/container-updates.ts";
import type { VolumeBrowser } from "../../containers/volume-browse/volume-browser.ts";
import type { CertificateEnrolment } from "../../hosts/certificates/certificate-enrolment.ts";
import type { HostCertificates } from "../../hosts/certificates/host-certificates.ts";
import type { Fleet } from "../../hosts/fleet.ts";
import type { HostRegistry } from "../../hosts/registry.ts";
import type { HostRemoval } from "../../hosts/removal.ts";
import type { AuditLog } from "../../identity/audit-log.ts";
import type { AuditRetention } from "../../identity/audit-retention.ts";
import type { AuditWebhooks } from "../../identity/audit-webhook.ts";
import type { Identity } from "../../identity/identity.ts";
import type { FleetChannels } from "../../notifications/fleet-channel.ts";
import type { SessionLimits } from "./sign-in.ts";
import type { SocketTickets } from "./tickets.ts";

/** Hosts, and the agents by which machines become them. */
export interface AgentParts {
  readonly registry: Pick<HostRegistry, "create" | "get" | "list" | "tag" | "untag" | "retag">;
  readonly certificates: Pick<HostCertificates, "fingerprints">;
  readonly enrolment: Pick<CertificateEnrolment, "invite" | "enrol">;
  readonly removal: Pick<HostRemoval, "remove">;
  readonly fleet: Pick<Fleet, "local" | "find">;
  /** Tells all yards that something about a host has changed; resolves once this one knows. */
  changed(hostId: string): Promise<void>;
  /** Where agents connect that know the yard by that name. @throws {YardError} precondition, while nobody listens for them */
  urlFor(hostname: string): string;
  /** What somebody has set of this: of the yard, where it is not by the name under which it is asked (an origin), and where agents connect. */
  namedUrls(): Promise<{ readonly publicUrl?: string; readonly agentUrl?: string }>;
}

export interface DockmeshParts {
  readonly identity: Identity;
  readonly agents: AgentParts;
  readonly tickets: SocketTickets;
  readonly sessionLimits: SessionLimits;
  readonly dockerHosts: DockerHosts;
  readonly inventories: Pick<Inventories, "containers">;
  readonly imagePulls: Pick<ImagePulls, "start">;
  readonly volumeBrowser: VolumeBrowser;
  readonly containerUpdates: ContainerUpdates;
  readonly stackFiles: StackFiles;
  readonly templates: Templates;
  readonly stacks: Omit<Stacks, typeof Symbol.asyncDispose>;
  readonly containerMetrics: Pick<ContainerMetrics, "of">;
  readonly machines: Machines;
  readonly alerts: Pick<Alerts, "rules" | "history">;
  readonly fleetChannels: FleetChannels;
  readonly fleetFeed: FleetFeed;
  readonly fleetSettings: FleetSettings;
  readonly globalEnv: Omit<GlobalEnv, "variables">;
  readonly registries: Omit<Registries, "credentialsFor">;
  readonly auditLog: AuditLog;
  readonly auditRetention: Pick<AuditRetention, "preview" | "set" | "run">;
  readonly auditWebhook: Pick<AuditWebhooks, "get" | "set" | "test">;
  /** The program itself, for npm to install; undefined where it cannot be given away. */
  packageArchive(): Promise<Buffer | undefined>;
  /** @throws while the database does not answer */
  checkDatabase(): Promise<void>;
  /** Of the server, milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: string;
  /** Does what must work even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}
