/** What the yard's own API needs of its parts. */
import { createOwners } from "../apis/mcpv8/owners.ts";
import type { YardApiParts } from "../apis/yard/parts.ts";
import type { Apps } from "../apps/apps.ts";
import type { Config } from "../config.ts";
import type { Hosts } from "../hosts/hosts.ts";
import type { Identity } from "../identity/identity.ts";
import type { EventLog } from "../platform/bus/event-log.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import { bearerTokenOf } from "../platform/http/bearer.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { Reserve } from "../platform/reserve.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import { defaultTreeLimits } from "../snapshots/working-tree.ts";
import { packageVersion } from "../version.ts";

interface YardApiSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly apps: Apps;
  readonly events: EventLog;
  readonly hosts: Hosts;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly snapshots: Snapshots;
  readonly essential: Reserve["essential"];
}

export function yardApiParts({
  config,
  identity,
  apps,
  events,
  hosts,
  database,
  metrics,
  snapshots,
  essential,
}: YardApiSources): YardApiParts {
  return {
    version: packageVersion(),
    authenticate: ({ headers }) => {
      const token = bearerTokenOf(headers.authorization);
      if (!token)
        throw new YardError(
          "unauthenticated",
          "A token is needed: send one of any API's login as Authorization: Bearer.",
        );
      return identity.authenticator.recall(token) ?? identity.authenticator.authenticate(token);
    },
    ...{ apps, events, hosts, metrics, essential, audit: identity.audit },
    // Trees and the labels that name them belong together: whose they are is decided as it is for scripts.
    trees: { snapshots, teamOf: createOwners(identity.teams).teamOf, limits: defaultTreeLimits },
    metricsOpen: config.metricsOpen,
    readiness: {
      database: () => database.kysely.selectFrom("settings").select("key").limit(1).execute(),
      agent: () => hosts.local.info(),
    },
  };
}
