import type { Migration } from "../migrate.ts";
import { foundation } from "./0001-foundation.ts";
import { labels } from "./0002-labels.ts";
import { snapshots } from "./0003-snapshots.ts";
import { executions } from "./0004-executions.ts";
import { removedTeams } from "./0005-removed-teams.ts";
import { scriptModules } from "./0006-script-modules.ts";
import { instances } from "./0007-instances.ts";
import { tasks } from "./0008-tasks.ts";
import { teamQuotas } from "./0009-team-quotas.ts";
import { storedFiles } from "./0010-stored-files.ts";
import { wrennAccounts } from "./0011-wrenn-accounts.ts";
import { capsules } from "./0012-capsules.ts";
import { hosts } from "./0013-hosts.ts";
import { channels } from "./0014-channels.ts";
import { dockmeshAccounts } from "./0015-dockmesh-accounts.ts";
import { stacks } from "./0016-stacks.ts";
import { containerHistory } from "./0017-container-history.ts";
import { containerMetrics } from "./0018-container-metrics.ts";
import { hostCertificates } from "./0019-host-certificates.ts";
import { fleetSettings } from "./0020-fleet-settings.ts";
import { openidProviders } from "./0021-openid-providers.ts";
import { fleetChannels } from "./0022-fleet-channels.ts";
import { stackTemplates } from "./0023-stack-templates.ts";
import { auditRetention } from "./0024-audit-retention.ts";
import { containerExchanges } from "./0027-container-exchanges.ts";
import { globalVariableAuthors } from "./0028-global-variable-authors.ts";
import { failedTasks } from "./0031-failed-tasks.ts";
import { stackLeftovers } from "./0032-stack-leftovers.ts";
import { lookedThrough } from "./0033-looked-through.ts";
import { liveOutputs } from "./0034-live-outputs.ts";
import { capsuleMoves } from "./0035-capsule-moves.ts";

/** In the order they are applied. Only ever add to the end: a database out there has run the others as they are. */
export const migrations: readonly Migration[] = [
  foundation,
  labels,
  snapshots,
  executions,
  removedTeams,
  scriptModules,
  instances,
  tasks,
  teamQuotas,
  storedFiles,
  wrennAccounts,
  capsules,
  hosts,
  channels,
  dockmeshAccounts,
  stacks,
  containerHistory,
  containerMetrics,
  hostCertificates,
  fleetSettings,
  openidProviders,
  fleetChannels,
  stackTemplates,
  auditRetention,
  containerExchanges,
  globalVariableAuthors,
  failedTasks,
  stackLeftovers,
  lookedThrough,
  liveOutputs,
  capsuleMoves,
];
