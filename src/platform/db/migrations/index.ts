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
];
