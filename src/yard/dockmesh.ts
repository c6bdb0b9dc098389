/** What Dockmesh's API is built on, out of the yard's rooms. */
import type { DockmeshParts } from "../apis/dockmesh/parts.ts";
import { createSocketTickets } from "../apis/dockmesh/tickets.ts";
import { createAuditLog } from "../identity/audit-log.ts";
import type { Database } from "../platform/db/database.ts";
import { packageVersion } from "../version.ts";
import type { AuditRoom } from "./audit.ts";
import type { EngineServices } from "./containers.ts";
import type { FleetWatch } from "./fleet-watch.ts";
import { createPackageArchive } from "./package-archive.ts";

interface DockmeshSources
  extends Pick<
    DockmeshParts,
    | "identity"
    | "agents"
    | "dockerHosts"
    | "inventories"
    | "stackFiles"
    | "stacks"
    | "fleetSettings"
    | "globalEnv"
    | "registries"
    | "fleetChannels"
    | "templates"
    | "startedAt"
    | "essential"
    | "sessionLimits"
  > {
  readonly engineServices: EngineServices;
  readonly watch: FleetWatch;
  readonly audit: AuditRoom;
  readonly database: Database;
}

export function dockmeshParts({ engineServices, watch, audit, database, ...sources }: DockmeshSources): DockmeshParts {
  const { tickets, authenticator } = sources.identity;
  return {
    ...sources,
    ...engineServices,
    ...{ containerMetrics: watch.metrics, machines: watch.machines, alerts: watch.alerts, fleetFeed: watch.feed },
    checkDatabase: async () => void (await database.kysely.selectFrom("settings").select("key").limit(1).execute()),
    tickets: createSocketTickets({ tickets, authenticator, essential: sources.essential }),
    auditLog: createAuditLog(database),
    ...{ auditRetention: audit.retention, auditWebhook: audit.webhook },
    version: packageVersion(),
    packageArchive: createPackageArchive(),
  };
}
